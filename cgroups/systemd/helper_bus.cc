#include "cgroups/systemd/helper_bus.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "cgroups/systemd/helper_image.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U  // Linux 6.3
#endif

namespace hull::cgroups::systemd {
namespace {

using sys::UniqueFd;

constexpr int kImageFd = kHelperSocketFd + 1;
constexpr char kImagePath[] = "/proc/self/fd/4";
// What the helper itself takes beyond the time that systemd is given.
constexpr absl::Duration kGrace = absl::Seconds(2);

// dup2 in the child must not hit an fd that a later dup2 still needs.
absl::StatusOr<UniqueFd> AboveChildFds(UniqueFd fd) {
  UniqueFd high(fcntl(fd.get(), F_DUPFD_CLOEXEC, kImageFd + 1));
  if (!high.valid()) return sys::ErrnoStatus(errno, "duplicating a descriptor");
  return high;
}

absl::StatusOr<UniqueFd> MakeImage() {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  UniqueFd fd(memfd_create("hull-systemd", kFlags | MFD_EXEC));
  if (!fd.valid() && errno == EINVAL) fd.reset(memfd_create("hull-systemd", kFlags));
  if (!fd.valid()) return sys::ErrnoStatus(errno, "making the helper's memfd");
  const auto image = HelperImage();
  RETURN_IF_ERROR(sys::WriteAll(fd.get(), {image.data(), image.size()}),
                  "writing the helper's memfd");
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return sys::ErrnoStatus(errno, "sealing the helper's memfd");
  }
  return AboveChildFds(std::move(fd));
}

// Nothing that changes how a program is loaded: only where the buses are.
std::vector<std::string> Environment() {
  std::vector<std::string> variables;
  for (const char* name :
       {"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"}) {
    if (const char* value = getenv(name)) variables.push_back(absl::StrCat(name, "=", value));
  }
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In a process group of its own: the terminal's ^C is for the container.
absl::StatusOr<pid_t> Spawn(int socket_fd, int words_fd, int image_fd,
                            std::vector<std::string> arguments) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, 0, 1);
  posix_spawn_file_actions_adddup2(&actions, words_fd, 2);
  posix_spawn_file_actions_adddup2(&actions, socket_fd, kHelperSocketFd);
  posix_spawn_file_actions_adddup2(&actions, image_fd, kImageFd);
  posix_spawn_file_actions_addclosefrom_np(&actions, kImageFd + 1);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> environment = Environment();
  pid_t pid = -1;
  const int error = posix_spawn(&pid, kImagePath, &actions, &attributes, Pointers(arguments).data(),
                                Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return pid;
  if (error == ENOENT) {
    return absl::UnavailableError(
        "this host has no dynamic loader, which libsystemd needs (or no /proc)");
  }
  return sys::ErrnoStatus(error);
}

absl::Status CannotRun(const absl::Status& status) {
  return base::Annotate(status, "starting the helper that speaks to systemd");
}

}  // namespace

HelperBus::~HelperBus() { Stop(); }

void HelperBus::Stop() {
  socket_.reset();
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);  // it has nothing under way whose answer we have not
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

absl::Status HelperBus::Start() {
  int ends[2], pipes[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return CannotRun(sys::ErrnoStatus(errno));
  }
  UniqueFd socket(ends[0]), child_socket(ends[1]);
  if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) != 0) return CannotRun(sys::ErrnoStatus(errno));
  UniqueFd words(pipes[0]), child_words(pipes[1]);
  ASSIGN_OR_RETURN(child_socket, AboveChildFds(std::move(child_socket)));
  ASSIGN_OR_RETURN(child_words, AboveChildFds(std::move(child_words)));
  ASSIGN_OR_RETURN(const UniqueFd image, MakeImage());
  std::vector<std::string> arguments = {"hull-systemd"};
  arguments.insert(arguments.end(), addresses_.begin(), addresses_.end());
  absl::StatusOr<pid_t> pid =
      Spawn(child_socket.get(), child_words.get(), image.get(), std::move(arguments));
  if (!pid.ok()) return CannotRun(pid.status());
  pid_ = *pid;
  socket_ = std::move(socket);
  words_ = std::move(words);
  return absl::OkStatus();
}

absl::Status HelperBus::Ended() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  socket_.reset();
  std::string words = sys::ReadAll(words_.get(), 4096).value_or("");
  words = absl::StrReplaceAll(absl::StripSuffix(words, "\n"), {{"\n", "; "}});
  if (words.empty()) {
    words = WIFSIGNALED(status) ? absl::StrCat("killed by signal ", WTERMSIG(status))
                                : absl::StrCat("exit status ", WEXITSTATUS(status));
  }
  return CannotRun(absl::UnavailableError(words));
}

absl::StatusOr<std::string> HelperBus::Receive() {
  std::string reply(kMaxMessageBytes, '\0');
  const absl::Time end = absl::Now() + deadline() + kGrace;
  for (;;) {
    pollfd entry = {socket_.get(), POLLIN, 0};
    const int64_t left_ms = absl::ToInt64Milliseconds(end - absl::Now());
    const int ready = poll(&entry, 1, static_cast<int>(left_ms > 0 ? left_ms : 0));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      Stop();
      return absl::DeadlineExceededError(
          absl::StrCat("systemd does not answer within ", absl::FormatDuration(deadline())));
    }
    const ssize_t size = recv(socket_.get(), reply.data(), reply.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return Ended();
    reply.resize(static_cast<size_t>(size));
    return reply;
  }
}

absl::StatusOr<std::string> HelperBus::Exchange(const std::string& request) {
  if (pid_ < 0) RETURN_IF_ERROR(Start());
  // It may have ended already: then the answer to a request is the same as to none.
  if (send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0 && errno != EPIPE) {
    return sys::ErrnoStatus(errno, "sending to the helper that speaks to systemd");
  }
  return Receive();
}

std::unique_ptr<Bus> MakeHelperBus(const Target& target) {
  return std::make_unique<HelperBus>(AddressesOf(target), kDeadline);
}

}  // namespace hull::cgroups::systemd
