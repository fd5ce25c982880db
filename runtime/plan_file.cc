#include "runtime/plan_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

constexpr size_t kMailboxBytes = 4096;  // the page before the Plan, see runtime/child/start.cc
constexpr char kName[] = "hull-plan";

}  // namespace

absl::StatusOr<sys::UniqueFd> MakePlanFile(const plan::Plan& plan) {
  sys::UniqueFd fd(memfd_create(kName, MFD_CLOEXEC));
  if (!fd.valid()) return sys::ErrnoStatus(errno, "making a memfd for the plan");
  const ssize_t written = pwrite(fd.get(), &plan, plan.size_bytes, kMailboxBytes);
  if (written != static_cast<ssize_t>(plan.size_bytes)) {
    return sys::ErrnoStatus(written < 0 ? errno : ENOSPC, "writing the plan");
  }
  return fd;
}

absl::StatusOr<sys::UniqueFd> TakeDescriptor(int pidfd, int number) {
  sys::UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd, number, 0)));
  if (!fd.valid()) return sys::ErrnoStatus(errno, "taking a descriptor out of init");
  return fd;
}

sys::UniqueFd TakePlanFile(pid_t init, int pidfd) {
  const absl::StatusOr<sys::UniqueFd> fds =
      sys::OpenAt(AT_FDCWD, absl::StrCat("/proc/", init, "/fd"), O_RDONLY | O_DIRECTORY);
  if (!fds.ok()) return {};
  const absl::StatusOr<std::vector<std::string>> names = sys::ListDir(fds->get());
  if (!names.ok()) return {};
  const std::string wanted = absl::StrCat("/memfd:", kName);
  for (const std::string& name : *names) {
    char target[64];
    const ssize_t size = readlinkat(fds->get(), name.c_str(), target, sizeof(target));
    int number = -1;
    if (size <= 0 || !absl::SimpleAtoi(name, &number)) continue;
    if (!absl::StartsWith(absl::string_view(target, static_cast<size_t>(size)), wanted)) continue;
    absl::StatusOr<sys::UniqueFd> fd = TakeDescriptor(pidfd, number);
    return fd.ok() ? *std::move(fd) : sys::UniqueFd();
  }
  return {};
}

absl::StatusOr<SharedMailbox> SharedMailbox::Map(int plan_file) {
  void* page = mmap(nullptr, kMailboxBytes, PROT_READ | PROT_WRITE, MAP_SHARED, plan_file, 0);
  if (page == MAP_FAILED) return sys::ErrnoStatus(errno, "mapping the mailbox");
  return SharedMailbox(static_cast<sync::Mailbox*>(page));
}

SharedMailbox::~SharedMailbox() {
  if (page_ != nullptr) munmap(page_, kMailboxBytes);
}

bool HasExecuted(int plan_file) {
  if (plan_file < 0) return true;
  uint32_t executing = 0;
  return pread(plan_file, &executing, sizeof(executing), offsetof(sync::Mailbox, executing)) !=
             sizeof(executing) ||
         executing != 0;
}

}  // namespace hull::runtime
