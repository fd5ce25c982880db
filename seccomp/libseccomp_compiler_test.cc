#include <array>
#include <map>
#include <string>

#include "gtest/gtest.h"
#include "seccomp/compiler.h"
#include "seccomp/reference_model.h"

namespace hull::seccomp {
namespace {

// libseccomp (2.5.4) can lose track of what it has loaded where the rules of one system call
// compare an argument in different ways: its programs are then wrong, in runc and crun as well as
// here. Equalities are safe.
bool ComparesInOneWay(const spec::Seccomp& seccomp) {
  std::map<std::string, std::array<int, 6>> all, equal;
  for (const spec::SeccompRule& rule : seccomp.syscalls) {
    for (const spec::SeccompArg& arg : rule.args) {
      const int count = ++all[rule.action][arg.index];
      const int equals = equal[rule.action][arg.index] += arg.op == "SCMP_CMP_EQ" ? 1 : 0;
      if (count > 1 && count != equals) return false;
    }
  }
  return true;
}

TEST(LibseccompCompilerTest, RandomSpecsGiveWhatTheirRulesMean) {
  Dice dice(20261122);
  for (int round = 0; round < 200; ++round) {
    ExpectTheModel(kLibseccompBackend, dice.Spec(kArchs, &ComparesInOneWay), kArchs, dice);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

TEST(LibseccompCompilerTest, AnErrnoThatTheLibraryDoesNotTakeIsRefused) {
  spec::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_ALLOW";
  seccomp.syscalls.resize(1);
  seccomp.syscalls[0].names = {"getpid"};
  seccomp.syscalls[0].action = "SCMP_ACT_ERRNO";
  seccomp.syscalls[0].errno_ret = 4095;
  EXPECT_EQ(kLibseccompBackend.compile(seccomp).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace hull::seccomp
