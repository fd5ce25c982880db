// The terminal: a pair of the container's own devpts; the master goes to the engine.
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "runtime/child/mount_calls.h"
#include "runtime/child/path.h"
#include "runtime/child/steps.h"
#include "runtime/child/text.h"

namespace hull::child {
namespace {

constexpr char kMultiplexer[] = "/dev/pts/ptmx";

// The container's devpts multiplexer (5:2), not something that the image put in its place.
int OpenMaster(Context& context) {
  const int fd = context.root.valid()
                     ? OpenInRoot(context.root.get(), kMultiplexer, O_RDWR | O_NOCTTY)
                     : OpenInRoot(AT_FDCWD, kMultiplexer, O_RDWR | O_NOCTTY);
  UniqueFd master(static_cast<int>(HULL_TRY(context, kOpenInRoot, fd)));
  struct statx info = {};
  HULL_TRY(
      context, kStat,
      RawCall(__NR_statx, master.get(), AsArg(""), AT_EMPTY_PATH, STATX_BASIC_STATS, AsArg(&info)));
  const bool multiplexer =
      (info.stx_mode & S_IFMT) == S_IFCHR && info.stx_rdev_major == 5 && info.stx_rdev_minor == 2;
  return multiplexer ? master.release() : context.Fail(Operation::kWrongNode, -ENODEV);
}

// The slave comes from the master itself, never by a path that could have been swapped.
int OpenSlave(Context& context, int master_fd) {
  const int unlock = 0;
  HULL_TRY(context, kIoctl, RawCall(__NR_ioctl, master_fd, TIOCSPTLCK, AsArg(&unlock)));
  return static_cast<int>(HULL_TRY(
      context, kIoctl, RawCall(__NR_ioctl, master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)));
}

// One message: the terminal's name as payload, the master by SCM_RIGHTS.
int SendMaster(Context& context, int socket_fd, int master_fd) {
  unsigned number = 0;
  HULL_TRY(context, kIoctl, RawCall(__NR_ioctl, master_fd, TIOCGPTN, AsArg(&number)));
  char name[32];
  char* end = Append(name, name + sizeof(name), "/dev/pts/");
  AppendNumber(end, name + sizeof(name), number);
  struct iovec data = {name, Length(name)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  struct msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  __builtin_memcpy(CMSG_DATA(header), &master_fd, sizeof(int));
  HULL_TRY(context, kSend, RawCall(__NR_sendmsg, socket_fd, AsArg(&message), MSG_NOSIGNAL));
  return 0;
}

// /dev/console shows the slave itself.
int BindConsole(Context& context, int slave_fd) {
  const UniqueFd target(
      OpenOrMakeInRoot(context, "/dev/console", NodeType::kFile, RESOLVE_NO_SYMLINKS));
  if (!target.valid()) return target.get();
  const UniqueFd tree(CloneTree(context, slave_fd, "", AT_EMPTY_PATH));
  if (!tree.valid()) return tree.get();
  return Attach(context, tree.get(), target.get());
}

}  // namespace

int MakeConsole(Context& context, const Step& step) {
  const plan::ConsoleStep& console = step.console;
  const UniqueFd master(OpenMaster(context));
  if (!master.valid()) return master.get();
  UniqueFd slave(OpenSlave(context, master.get()));
  if (!slave.valid()) return slave.get();
  if (console.rows != 0 && console.columns != 0) {
    struct winsize size = {};
    size.ws_row = console.rows;
    size.ws_col = console.columns;
    HULL_TRY(context, kIoctl, RawCall(__NR_ioctl, master.get(), TIOCSWINSZ, AsArg(&size)));
  }
  if (console.uid != 0) {
    HULL_TRY(context, kOwner, RawCall(__NR_fchown, slave.get(), console.uid, -1));
  }
  if (console.bind_console != 0) {
    if (const int error = BindConsole(context, slave.get()); error < 0) return error;
  }
  if (const int error = SendMaster(context, console.socket_fd, master.get()); error < 0) {
    return error;
  }
  sys::RawClose(console.socket_fd);
  context.terminal = static_cast<UniqueFd&&>(slave);
  return 0;
}

int UseConsole(Context& context, const Step&) {
  HULL_TRY(context, kTerminal, RawCall(__NR_ioctl, context.terminal.get(), TIOCSCTTY, 0));
  for (int fd = 0; fd <= 2; ++fd) {
    HULL_TRY(context, kDuplicate, RawCall(__NR_dup3, context.terminal.get(), fd, 0));
  }
  context.terminal.reset();
  return 0;
}

}  // namespace hull::child
