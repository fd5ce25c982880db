#include "runtime/base/status_macros.h"

#include "gtest/gtest.h"

namespace hull::base {
namespace {

absl::Status Fails() { return absl::NotFoundError("no such file or directory"); }
absl::StatusOr<int> Gives(int n) { return n; }

absl::Status ReturnsWithContext() {
  RETURN_IF_ERROR(Fails(), "opening '", "x", "'");
  return absl::OkStatus();
}

absl::StatusOr<int> AssignsThenFails() {
  ASSIGN_OR_RETURN(int n, Gives(7));
  ASSIGN_OR_RETURN(int m, absl::StatusOr<int>(Fails()), "after ", n);
  return m;
}

TEST(StatusMacrosTest, ContextIsPutBeforeTheMessageAndTheCodeIsKept) {
  EXPECT_EQ(ReturnsWithContext(), absl::NotFoundError("opening 'x': no such file or directory"));
}

TEST(StatusMacrosTest, AssignPassesTheValueOrTheAnnotatedError) {
  EXPECT_EQ(AssignsThenFails().status(), absl::NotFoundError("after 7: no such file or directory"));
}

}  // namespace
}  // namespace hull::base
