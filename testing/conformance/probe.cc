// What runs in a container under test: each verb prints one thing as a process inside sees it.
//
//   probe fds          the open descriptors, "0 /dev/null"
//   probe cwd          getcwd(2)'s own answer, which shows "(unreachable)" where a library hides it
//   probe keyring      the id of the session keyring
//   probe keylabel     its security label
//   probe key          how it is described: "keyring;0;0;3f1b0000;_ses.ID.RANDOM"
//   probe scheduler    "policy=3 flags=0 nice=5 priority=0", of SCHED_DEADLINE its times, too
//   probe mempolicy    "mode=2 flags=8000 nodes=0,1", flags in hexadecimal
//   probe dumpable     PR_GET_DUMPABLE
//   probe pdeathsig    PR_GET_PDEATHSIG
//   probe stat PATH    "mode=20666 uid=0 gid=0 rdev=1:3"
//   probe write PATH   open for writing (no O_CREAT): "ok" or the errno's name
//   probe creat PATH   create a file: "ok" or the errno's name
//   probe mknod PATH MAJOR MINOR, probe open PATH
//   probe sys N [ARG]...   system call N: its result, or the errno's name
//   probe int80 N [ARG]... the same as a program of 32-bit x86 makes it
//   probe sleep N      that many seconds; ends on SIGTERM with status 15
//   probe abort SIG    ends itself by a signal
//   probe notify TEXT...   each as a message to $NOTIFY_SOCKET, with '|' for a new line
//   probe clocks       "monotonic boottime" in seconds
//   probe eat MIB      use so much memory, "ready", then stay (ends on SIGTERM)
//   probe read PATH MIB   read so much past the page cache: the milliseconds, or the errno's name
//   probe swap DIRECTORY COUNT TARGET   "ready", then puts symlinks to TARGET in the places of x0, x1, ...
//                      as soon as they are there, until it is killed
//   probe spin MS      compute for so long: the milliseconds of CPU time that it got
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

namespace {

// Prints what a call returned: "ok", or the errno's name.
int Outcome(long result) {
  puts(result < 0 ? strerrorname_np(errno) : "ok");
  return result < 0 ? 1 : 0;
}

int Fds(char**) {
  const int limit = static_cast<int>(sysconf(_SC_OPEN_MAX));
  for (int fd = 0; fd < (limit < 4096 ? limit : 4096); ++fd) {
    if (fcntl(fd, F_GETFD) < 0) continue;
    char link[64], target[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, target, sizeof(target) - 1);
    target[size < 0 ? 0 : size] = '\0';
    printf("%d %s\n", fd, target);
  }
  return 0;
}

int Cwd(char**) {
  char path[4096];
  if (syscall(SYS_getcwd, path, sizeof(path)) < 0) return Outcome(-1);
  puts(path);
  return 0;
}

constexpr int kSessionKeyring = -3;

int Keyring(char**) {
  constexpr int kGetKeyringId = 0;
  printf("%ld\n", syscall(SYS_keyctl, kGetKeyringId, kSessionKeyring, 0));
  return 0;
}

int KeyLabel(char**) {
  constexpr int kGetSecurity = 17;
  char label[256] = {};
  if (syscall(SYS_keyctl, kGetSecurity, kSessionKeyring, label, sizeof(label) - 1) < 0) {
    return Outcome(-1);
  }
  return puts(label) < 0;
}

int Key(char**) {
  constexpr int kDescribe = 6;
  char text[4096] = "";
  if (syscall(SYS_keyctl, kDescribe, kSessionKeyring, text, sizeof(text)) < 0) return Outcome(-1);
  puts(text);
  return 0;
}

int Scheduler(char**) {
  struct sched_attr attr = {};
  if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0) return Outcome(-1);
  printf("policy=%u flags=%llx nice=%d priority=%u", attr.sched_policy, attr.sched_flags,
         attr.sched_nice, attr.sched_priority);
  // Of other policies newer kernels tell the length of a turn here.
  if (attr.sched_policy == SCHED_DEADLINE) {
    printf(" runtime=%llu deadline=%llu period=%llu", attr.sched_runtime, attr.sched_deadline,
           attr.sched_period);
  }
  puts("");
  return 0;
}

int MemoryPolicy(char**) {
  constexpr int kBits = 1024;
  constexpr int kModeBits = 0xfff;
  int mode = 0;
  unsigned long nodes[kBits / 64] = {};
  if (syscall(SYS_get_mempolicy, &mode, nodes, kBits, nullptr, 0) < 0) return Outcome(-1);
  printf("mode=%d flags=%x nodes=", mode & kModeBits, mode & ~kModeBits);
  const char* comma = "";
  for (int n = 0; n < kBits; ++n) {
    if ((nodes[n / 64] >> (n % 64) & 1) == 0) continue;
    printf("%s%d", comma, n);
    comma = ",";
  }
  puts("");
  return 0;
}

int Dumpable(char**) { return printf("%d\n", prctl(PR_GET_DUMPABLE)) < 0; }

int PdeathSig(char**) {
  int signal = -1;
  prctl(PR_GET_PDEATHSIG, &signal);
  return printf("%d\n", signal) < 0;
}

int Stat(char** args) {
  struct stat info;
  if (lstat(args[0], &info) < 0) return Outcome(-1);
  printf("mode=%o uid=%u gid=%u rdev=%u:%u\n", info.st_mode, info.st_uid, info.st_gid,
         major(info.st_rdev), minor(info.st_rdev));
  return 0;
}

int Write(char** args) { return Outcome(open(args[0], O_WRONLY | O_CLOEXEC)); }
int Open(char** args) { return Outcome(open(args[0], O_RDONLY | O_CLOEXEC)); }
int Creat(char** args) { return Outcome(open(args[0], O_WRONLY | O_CREAT | O_EXCL, 0666)); }

int Mknod(char** args) {
  return Outcome(mknod(args[0], S_IFCHR | 0600, makedev(atoi(args[1]), atoi(args[2]))));
}

int Sys(char** args) {
  long values[6] = {};
  for (int i = 0; i < 6 && args[i + 1] != nullptr; ++i) values[i] = strtol(args[i + 1], nullptr, 0);
  const long result = syscall(strtol(args[0], nullptr, 0), values[0], values[1], values[2],
                              values[3], values[4], values[5]);
  if (result < 0) return Outcome(result);
  printf("%ld\n", result);
  return 0;
}

#if defined(__x86_64__)
// ARG: 32 bits each.
int Int80(char** args) {
  long values[4] = {};
  for (int i = 0; i < 4 && args[i] != nullptr; ++i) values[i] = strtol(args[i], nullptr, 0);
  long result;
  asm volatile("int $0x80"
               : "=a"(result)
               : "a"(values[0]), "b"(values[1]), "c"(values[2]), "d"(values[3])
               : "memory", "r8", "r9", "r10", "r11");
  const int value = static_cast<int>(result);
  if (value < 0 && value >= -4095) {
    errno = -value;
    return Outcome(-1);
  }
  printf("%d\n", value);
  return 0;
}
#endif

int Sleep(char** args) {
  signal(SIGTERM, [](int) { _exit(SIGTERM); });
  puts("ready");
  fflush(stdout);
  sleep(static_cast<unsigned>(atoi(args[0])));
  return 0;
}

int Abort(char** args) {
  const int number = atoi(args[0]);
  signal(number, SIG_DFL);
  // The first process of a pid namespace is immune to signals from inside.
  if (getpid() == 1) return 128 + number;
  raise(number);
  return 0;
}

int Notify(char** args) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const char* path = getenv("NOTIFY_SOCKET");
  if (path == nullptr) return Outcome((errno = ENOENT, -1));
  strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) < 0) return Outcome(-1);
  for (; *args != nullptr; ++args) {
    for (char* c = *args; *c != '\0'; ++c) {
      if (*c == '|') *c = '\n';
    }
    if (write(fd, *args, strlen(*args)) < 0) return Outcome(-1);
  }
  return Outcome(0);
}

int Clocks(char**) {
  timespec monotonic, boot;
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  clock_gettime(CLOCK_BOOTTIME, &boot);
  printf("%ld %ld\n", static_cast<long>(monotonic.tv_sec), static_cast<long>(boot.tv_sec));
  return 0;
}

int Eat(char** args) {
  const size_t size = static_cast<size_t>(atoi(args[0])) << 20;
  auto* memory = static_cast<volatile char*>(malloc(size));
  for (size_t i = 0; i < size; i += 4096) memory[i] = 1;
  char seconds[] = "1000";
  char* sleep_args[] = {seconds};
  return Sleep(sleep_args);
}

long Milliseconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<long>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

int Read(char** args) {
  constexpr size_t kChunk = 1 << 20;
  void* chunk = nullptr;
  const int fd = open(args[0], O_RDONLY | O_DIRECT | O_CLOEXEC);
  if (fd < 0 || posix_memalign(&chunk, 4096, kChunk) != 0) return Outcome(-1);
  const long before = Milliseconds(CLOCK_MONOTONIC);
  for (int i = 0; i < atoi(args[1]); ++i) {
    if (read(fd, chunk, kChunk) < 0) return Outcome(-1);
  }
  return printf("%ld\n", Milliseconds(CLOCK_MONOTONIC) - before) < 0;
}

int Spin(char** args) {
  const long end = Milliseconds(CLOCK_MONOTONIC) + atoi(args[0]);
  while (Milliseconds(CLOCK_MONOTONIC) < end) {
  }
  return printf("%ld\n", Milliseconds(CLOCK_PROCESS_CPUTIME_ID)) < 0;
}

int Swap(char** args) {
  const int count = atoi(args[1]);
  if (chdir(args[0]) < 0) return Outcome(-1);
  char link[32], name[32];
  const auto name_them = [&](int i) {
    snprintf(link, sizeof(link), "link%d", i);
    snprintf(name, sizeof(name), "x%d", i);
  };
  for (int i = 0; i < count; ++i) {
    name_them(i);
    if (symlink(args[2], link) < 0) return Outcome(-1);
  }
  puts("ready");
  fflush(stdout);
  for (int i = 0;; i = (i + 1) % count) {
    name_them(i);
    struct stat info;
    if (lstat(name, &info) == 0 && !S_ISLNK(info.st_mode)) rename(link, name);
  }
}

struct Verb {
  const char* name;
  int args;
  int (*run)(char** args);
};

constexpr Verb kVerbs[] = {
    {"fds", 0, &Fds},
    {"cwd", 0, &Cwd},
    {"keyring", 0, &Keyring},
    {"keylabel", 0, &KeyLabel},
    {"key", 0, &Key},
    {"scheduler", 0, &Scheduler},
    {"mempolicy", 0, &MemoryPolicy},
    {"dumpable", 0, &Dumpable},
    {"pdeathsig", 0, &PdeathSig},
    {"stat", 1, &Stat},
    {"write", 1, &Write},
    {"open", 1, &Open},
    {"creat", 1, &Creat},
    {"mknod", 3, &Mknod},
    {"sys", 1, &Sys},
#if defined(__x86_64__)
    {"int80", 1, &Int80},
#endif
    {"sleep", 1, &Sleep},
    {"abort", 1, &Abort},
    {"notify", 1, &Notify},
    {"clocks", 0, &Clocks},
    {"eat", 1, &Eat},
    {"read", 2, &Read},
    {"spin", 1, &Spin},
    {"swap", 3, &Swap},
};

}  // namespace

int main(int argc, char** argv) {
  for (const Verb& verb : kVerbs) {
    if (argc >= 2 + verb.args && strcmp(argv[1], verb.name) == 0) return verb.run(argv + 2);
  }
  fprintf(stderr, "probe: unknown verb or too few arguments\n");
  return 2;
}
