// The floor: what the kernel alone asks for the bench's default spec, with no thinking at all.
//
// It makes the namespaces, the cgroup, the mounts, the devices and links, the masked and read-only
// paths, the pivot and the exec that a runtime makes for the spec of bundle.cc, every value written
// here and no JSON read. What it leaves out is what a spec decides and a floor need not: the
// device filter of the cgroup, capabilities, limits, seccomp. A runtime cannot be faster than the
// system calls its config asks for; the bench prints how near it comes.
//
//   floor COMMAND ROOTFS STATE_DIR CGROUP HIERARCHIES
//     COMMAND      run, create, start, delete, exec, state, sleep, kill, version
//     CGROUP       the container's cgroup below each hierarchy, "bench/floor"
//     HIERARCHIES  "v2" for a cgroup2 mount on /sys/fs/cgroup, else v1 names: "cpu,memory,..."
//
// The child shares our memory until it execs (CLONE_VM on a stack of its own), as the fastest
// runtime would: so it runs nothing but system calls.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

namespace {

constexpr int kMaxHierarchies = 16;
constexpr uint64_t kNamespaces =
    CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS;

struct Place {
  const char* rootfs;
  const char* state_dir;
  const char* cgroup;
  const char* hierarchies[kMaxHierarchies];  // v1 only
  int hierarchy_count = 0;
  bool v2 = false;
};

// What the child needs; its lists are made before the clone.
struct Child {
  const Place* place;
  const char* argv[3] = {};
  int procs_fd[kMaxHierarchies] = {};  // v1: cgroup.procs, opened by the parent
  int ready_fd = -1;                   // create: told when the root is built
  int gate_fd = -1;                    // create: a fifo, read before the exec
  bool joined_rootfs = false;          // exec: setns has put us inside
};

alignas(16) char child_stack[64 * 1024];
Place place;  // static, as `create` leaves its child behind in this memory
Child child;

[[noreturn]] void Die(const char* what) {
  dprintf(STDERR_FILENO, "floor: %s: %s\n", what, strerror(errno));
  _exit(1);
}

void Check(long result, const char* what) {
  if (result < 0) Die(what);
}

// --- the child's side
// -----------------------------------------------------------------------------

void MountIn(const char* type, const char* target, unsigned long flags, const char* data) {
  Check(mount(type, target, type, flags, data), target);
}

void MountCgroups(const Place& place) {
  constexpr unsigned long kFlags = MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RELATIME;
  if (place.v2) {
    MountIn("cgroup2", "sys/fs/cgroup", kFlags | MS_RDONLY, nullptr);
    return;
  }
  MountIn("tmpfs", "sys/fs/cgroup", kFlags, "mode=755");
  for (int i = 0; i < place.hierarchy_count; i++) {
    char target[128], data[64];
    const char* name = place.hierarchies[i];
    snprintf(target, sizeof target, "sys/fs/cgroup/%s", name);
    snprintf(data, sizeof data, strcmp(name, "systemd") == 0 ? "name=%s" : "%s", name);
    Check(mkdir(target, 0755), target);
    MountIn("cgroup", target, kFlags | MS_RDONLY, data);
  }
  Check(
      mount(nullptr, "sys/fs/cgroup", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | kFlags, nullptr),
      "remount of the cgroup directory");
}

void MountAll(const Place& place) {
  constexpr unsigned long kNone = MS_NOSUID | MS_NOEXEC | MS_NODEV;
  MountIn("proc", "proc", 0, nullptr);
  MountIn("tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
  Check(mkdir("dev/pts", 0755) | mkdir("dev/shm", 0755) | mkdir("dev/mqueue", 0755),
        "mkdir in dev");
  MountIn("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
  MountIn("tmpfs", "dev/shm", kNone, "mode=1777,size=65536k");
  MountIn("mqueue", "dev/mqueue", kNone, nullptr);
  MountIn("sysfs", "sys", kNone | MS_RDONLY, nullptr);
  MountCgroups(place);
}

void MakeDevices() {
  struct Device {
    const char* path;
    unsigned major, minor;
  };
  constexpr Device kDevices[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
                                 {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
  constexpr const char* kLinks[][2] = {{"/proc/self/fd", "dev/fd"},
                                       {"/proc/self/fd/0", "dev/stdin"},
                                       {"/proc/self/fd/1", "dev/stdout"},
                                       {"/proc/self/fd/2", "dev/stderr"},
                                       {"pts/ptmx", "dev/ptmx"}};
  umask(0);
  for (const Device& device : kDevices) {
    Check(mknod(device.path, S_IFCHR | 0666, makedev(device.major, device.minor)), device.path);
  }
  for (const auto& link : kLinks) Check(symlink(link[0], link[1]), link[1]);
  umask(022);
}

void HidePaths() {
  constexpr const char* kMasked[] = {"/proc/acpi",        "/proc/asound",        "/proc/kcore",
                                     "/proc/keys",        "/proc/latency_stats", "/proc/timer_list",
                                     "/proc/timer_stats", "/proc/sched_debug",   "/sys/firmware",
                                     "/proc/scsi"};
  constexpr const char* kReadonly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                       "/proc/sysrq-trigger"};
  for (const char* path : kReadonly) {
    if (mount(path, path, nullptr, MS_BIND | MS_REC, nullptr) < 0 && errno == ENOENT) continue;
    Check(mount(nullptr, path, nullptr,
                MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr),
          path);
  }
  for (const char* path : kMasked) {
    if (mount("/dev/null", path, nullptr, MS_BIND, nullptr) == 0 || errno == ENOENT) continue;
    MountIn("tmpfs", path, MS_RDONLY, "size=0k");
  }
}

void RaiseLoopback() {
  ifreq request = {};
  memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  Check(ioctl(fd, SIOCSIFFLAGS, &request), "loopback");
  close(fd);
}

void BuildRoot(const Place& place) {
  Check(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "private mounts");
  Check(mount(place.rootfs, place.rootfs, nullptr, MS_BIND | MS_REC, nullptr),
        "bind of the rootfs");
  Check(chdir(place.rootfs), "chdir");
  MountAll(place);
  MakeDevices();
  Check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  Check(umount2(".", MNT_DETACH), "umount of the old root");
  Check(chdir("/"), "chdir");
  HidePaths();
  Check(mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), "read-only root");
  Check(sethostname("bench", 5), "sethostname");
  RaiseLoopback();
}

long RunChild(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  const Place& place = *child.place;
  for (int i = 0; i < place.hierarchy_count; i++) Check(write(child.procs_fd[i], "0", 1), "join");
  if (!child.joined_rootfs) {
    if (!place.v2) Check(unshare(CLONE_NEWCGROUP), "cgroup namespace");
    BuildRoot(place);
  }
  char byte = 0;
  if (child.ready_fd >= 0) Check(write(child.ready_fd, &byte, 1), "ready");
  if (child.gate_fd >= 0) Check(read(child.gate_fd, &byte, 1), "gate");
  const char* environment[] = {"PATH=/bin", nullptr};
  execve(child.argv[0], const_cast<char**>(child.argv), const_cast<char**>(environment));
  Die("execve");
}

// --- the parent's side
// ----------------------------------------------------------------------------

// clone3 with shared memory; the child runs `function` on a stack of its own and never returns.
pid_t Clone(uint64_t flags, int cgroup_fd, long (*function)(void*), void* argument) {
  clone_args args = {};
  args.flags = flags | CLONE_VM | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0);
  args.exit_signal = SIGCHLD;
  args.cgroup = cgroup_fd >= 0 ? static_cast<uint64_t>(cgroup_fd) : 0;
#if defined(__x86_64__)
  args.stack = reinterpret_cast<uint64_t>(child_stack);
  args.stack_size = sizeof child_stack;
  long result = SYS_clone3;
  register void* callee asm("r8") = reinterpret_cast<void*>(function);
  register void* parameter asm("r9") = argument;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r9, %%rdi\n\t"
      "call *%%r8\n\t"
      "ud2\n"
      "1:"
      : "+a"(result)
      : "D"(&args), "S"(sizeof args), "r"(callee), "r"(parameter)
      : "rcx", "r11", "memory");
  if (result < 0) {
    errno = static_cast<int>(-result);
    Die("clone3");
  }
  return static_cast<pid_t>(result);
#else
  args.flags &= ~static_cast<uint64_t>(CLONE_VM);  // a copy: no stack to hand over
  const long result = syscall(SYS_clone3, &args, sizeof args);
  Check(result, "clone3");
  if (result == 0) function(argument);
  return static_cast<pid_t>(result);
#endif
}

void CgroupPath(const Place& place, int index, const char* file, char (&path)[512]) {
  const char* name = place.v2 ? "" : place.hierarchies[index];
  snprintf(path, sizeof path, "/sys/fs/cgroup/%s/%s/%s", name, place.cgroup, file);
}

int OpenCgroup(const Place& place, int index, const char* file, int flags) {
  char path[512];
  CgroupPath(place, index, file, path);
  const int fd = open(path, flags | O_CLOEXEC);
  Check(fd, path);
  return fd;
}

// A new v1 cpuset takes no task before it has CPUs and memory nodes.
void FillCpuset(const Place& place, int index) {
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    char path[512], parent[600], value[256];
    CgroupPath(place, index, file, path);
    snprintf(parent, sizeof parent, "/sys/fs/cgroup/%s/%s/../%s", place.hierarchies[index],
             place.cgroup, file);
    const int from = open(parent, O_RDONLY | O_CLOEXEC);
    Check(from, parent);
    const ssize_t size = read(from, value, sizeof value);
    Check(size, parent);
    const int to = OpenCgroup(place, index, file, O_WRONLY);
    Check(write(to, value, static_cast<size_t>(size)), path);
    close(from);
    close(to);
  }
}

void MakeCgroup(const Place& place) {
  char path[512];
  for (int i = 0; i < (place.v2 ? 1 : place.hierarchy_count); i++) {
    CgroupPath(place, i, "", path);
    Check(mkdir(path, 0755), path);
    if (!place.v2 && strcmp(place.hierarchies[i], "cpuset") == 0) FillCpuset(place, i);
  }
}

void RemoveCgroup(const Place& place) {
  char path[512];
  for (int i = 0; i < (place.v2 ? 1 : place.hierarchy_count); i++) {
    CgroupPath(place, i, "", path);
    while (rmdir(path) < 0 && errno != ENOENT) {
      if (errno != EBUSY) Die(path);
      usleep(100);
    }
  }
}

int OpenProcs(const Place& place, Child& child) {
  for (int i = 0; i < place.hierarchy_count; i++) {
    child.procs_fd[i] = OpenCgroup(place, i, "cgroup.procs", O_WRONLY);
  }
  return place.v2 ? OpenCgroup(place, 0, "", O_PATH | O_DIRECTORY) : -1;
}

pid_t Launch(const Place& place, Child& child) {
  MakeCgroup(place);
  const int cgroup_fd = OpenProcs(place, child);
  return Clone(kNamespaces | (place.v2 ? CLONE_NEWCGROUP : 0), cgroup_fd, &RunChild, &child);
}

int Wait(pid_t pid) {
  int status = 0;
  Check(waitpid(pid, &status, 0), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char* StateFile(const Place& place, const char* name) {
  static char path[512];
  snprintf(path, sizeof path, "%s/%s", place.state_dir, name);
  return path;
}

void SavePid(const Place& place, pid_t pid) {
  const int fd = open(StateFile(place, "pid"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  Check(fd, "pid file");
  dprintf(fd, "%d", pid);
  close(fd);
}

pid_t LoadPid(const Place& place) {
  char text[16] = {};
  const int fd = open(StateFile(place, "pid"), O_RDONLY | O_CLOEXEC);
  Check(fd, "pid file");
  Check(read(fd, text, sizeof text - 1), "pid file");
  close(fd);
  return atoi(text);
}

int Run(const Place& place) {
  child = {.place = &place, .argv = {"/bin/true"}};
  const int code = Wait(Launch(place, child));
  RemoveCgroup(place);
  return code;
}

// Starts the child and leaves it behind once its root is built.
int Detach(const Place& place) {
  int ready[2];
  char byte;
  Check(pipe2(ready, O_CLOEXEC), "pipe");
  child.ready_fd = ready[1];
  SavePid(place, Launch(place, child));
  close(ready[1]);
  return read(ready[0], &byte, 1) == 1 ? 0 : 1;
}

int Sleep(const Place& place) {
  child = {.place = &place, .argv = {"/bin/sleep", "1000000"}};
  return Detach(place);
}

int Create(const Place& place) {
  child = {.place = &place, .argv = {"/bin/true"}};
  Check(mkfifo(StateFile(place, "gate"), 0600), "mkfifo");
  child.gate_fd = open(StateFile(place, "gate"), O_RDWR | O_CLOEXEC);
  Check(child.gate_fd, "gate");
  return Detach(place);
}

int Start(const Place& place) {
  const int fd = open(StateFile(place, "gate"), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  Check(fd, "gate");
  Check(write(fd, "1", 1), "gate");
  return 0;
}

int Delete(const Place& place) {
  unlink(StateFile(place, "gate"));
  unlink(StateFile(place, "pid"));
  RemoveCgroup(place);
  return 0;
}

int Kill(const Place& place) {
  Check(kill(LoadPid(place), SIGKILL), "kill");
  return 0;
}

int State(const Place& place) {
  const pid_t pid = LoadPid(place);
  Check(kill(pid, 0), "container");
  printf("{\"ociVersion\": \"1.3.0\", \"id\": \"floor\", \"pid\": %d, \"status\": \"running\"}\n",
         pid);
  return 0;
}

int Exec(const Place& place) {
  child = {.place = &place, .argv = {"/bin/true"}, .joined_rootfs = true};
  const int cgroup_fd = OpenProcs(place, child);
  const int pid_fd = static_cast<int>(syscall(SYS_pidfd_open, LoadPid(place), 0));
  Check(pid_fd, "pidfd_open");
  Check(setns(pid_fd, static_cast<int>(kNamespaces | CLONE_NEWCGROUP)), "setns");
  return Wait(Clone(0, cgroup_fd, &RunChild, &child));
}

int Version(const Place&) { return puts("floor") < 0; }

void ParseHierarchies(char* text, Place& place) {
  place.v2 = strcmp(text, "v2") == 0;
  if (place.v2) return;
  for (char* name = strtok(text, ","); name != nullptr; name = strtok(nullptr, ",")) {
    if (place.hierarchy_count < kMaxHierarchies) place.hierarchies[place.hierarchy_count++] = name;
  }
}

struct Command {
  const char* name;
  int (*run)(const Place&);
};

constexpr Command kCommands[] = {{"run", &Run},     {"sleep", &Sleep},   {"create", &Create},
                                 {"start", &Start}, {"delete", &Delete}, {"kill", &Kill},
                                 {"state", &State}, {"exec", &Exec},     {"version", &Version}};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 6) {
    place = {.rootfs = argv[2], .state_dir = argv[3], .cgroup = argv[4], .hierarchies = {}};
    ParseHierarchies(argv[5], place);
    for (const Command& command : kCommands) {
      if (strcmp(command.name, argv[1]) == 0) return command.run(place);
    }
  }
  fputs("usage: floor COMMAND ROOTFS STATE_DIR CGROUP HIERARCHIES\n", stderr);
  return 2;
}
