// Steps on security labels: a task may only write its own, in files that it opened itself. They are
// opened beneath the host's /proc, before any file of the container could stand in their place.
#include <errno.h>
#include <fcntl.h>

#include "runtime/child/label.h"
#include "runtime/child/steps.h"
#include "runtime/child/text.h"

namespace hull::child {
namespace {

// Nothing mounted over a file of /proc is believed in. The links on the way are the kernel's own
// (thread-self) and lead on beneath.
int OpenOwn(int proc_fd, const char* path) {
  struct open_how how = {};
  how.flags = O_WRONLY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  return sys::RawOpenAt2(proc_fd, path, how);
}

int OpenLabelFile(int proc_fd, plan::LabelFile file) {
  if (file == plan::LabelFile::kKeys) return OpenOwn(proc_fd, "thread-self/attr/keycreate");
  if (file == plan::LabelFile::kAppArmor) {
    // Linux 5.8; before, and on a kernel with one such module alone, the file without its name.
    const int fd = OpenOwn(proc_fd, "thread-self/attr/apparmor/exec");
    if (fd != -ENOENT) return fd;
  }
  return OpenOwn(proc_fd, "thread-self/attr/exec");
}

}  // namespace

int OpenLabels(Context& context, const Step& step) {
  const int proc_fd = step.open_labels.proc_fd;
  for (uint32_t i = 0; i < plan::kLabelFiles; ++i) {
    if ((step.open_labels.files >> i & 1) == 0) continue;
    context.index = i;
    context.labels[i].reset(static_cast<int>(
        HULL_TRY(context, kOpen, OpenLabelFile(proc_fd, static_cast<plan::LabelFile>(i)))));
  }
  sys::RawClose(proc_fd);
  return 0;
}

int WriteLabel(Context& context, const Step& step) {
  UniqueFd& file = context.labels[static_cast<uint32_t>(step.label.file)];
  const char* text = context.text(step.label.written);
  HULL_TRY(context, kWrite, sys::RawWrite(file.get(), text, Length(text)));
  file.reset();
  return 0;
}

// Where it cannot be, the policy goes by the label that is there, which gives the container no more: a
// kind of file system that is not labelled (EOPNOTSUPP), a root that belongs to the host's root and
// not to that of our user namespace (EPERM), a policy that minds (EACCES).
int LabelRoot(Context& context, int tree_fd, const char* label) {
  const UniqueFd root(static_cast<int>(
      HULL_TRY(context, kOpen,
               sys::RawOpenAt(tree_fd, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))));
  const long labelled = RawCall(__NR_fsetxattr, root.get(), AsArg("security.selinux"), AsArg(label),
                                static_cast<long>(Length(label)), 0);
  if (labelled == -EOPNOTSUPP || labelled == -EPERM || labelled == -EACCES) return 0;
  HULL_TRY(context, kLabel, labelled);
  return 0;
}

}  // namespace hull::child
