// The memfd that the init program is started on: a page that main and init share (sync::Mailbox),
// then the Plan.
#ifndef HULL_RUNTIME_PLAN_FILE_H_
#define HULL_RUNTIME_PLAN_FILE_H_

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "runtime/plan/plan.h"
#include "runtime/sync/message.h"
#include "runtime/sys/unique_fd.h"

namespace hull::runtime {

absl::StatusOr<sys::UniqueFd> MakePlanFile(const plan::Plan& plan);

// A descriptor of another process by its number there (pidfd_getfd, Linux 5.6).
absl::StatusOr<sys::UniqueFd> TakeDescriptor(int pidfd, int number);

// Out of an init that waits at its gate; invalid where we may not look into it.
sys::UniqueFd TakePlanFile(pid_t init, int pidfd);

// The page of a plan file, mapped until destroyed.
class SharedMailbox {
 public:
  static absl::StatusOr<SharedMailbox> Map(int plan_file);
  SharedMailbox(SharedMailbox&& other) noexcept : page_(other.page_) { other.page_ = nullptr; }
  SharedMailbox& operator=(SharedMailbox&&) = delete;
  ~SharedMailbox();
  sync::Mailbox* operator->() const { return page_; }

 private:
  explicit SharedMailbox(sync::Mailbox* page) : page_(page) {}
  sync::Mailbox* page_;
};

// When the channel has ended without a failure: whether init came to its execve. An init that was
// killed before, or a filter that let it report nothing, ends the channel just so. True if
// `plan_file` is invalid: then nobody knows better.
bool HasExecuted(int plan_file);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_PLAN_FILE_H_
