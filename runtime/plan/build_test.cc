#include "runtime/plan/build.h"

#include <errno.h>
#include <linux/sched.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/plan/describe.h"

namespace hull::plan {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

spec::Spec MakeSpec() {
  spec::Spec spec;
  spec.oci_version = "1.3.0";
  spec.root.path = "rootfs";
  spec.process.emplace();
  spec.process->args = {"sh"};
  spec.process->cwd = "/";
  spec.process->env = {"PATH=/a:/b", "TERM=xterm", "PATH=/c:/d"};
  for (const char* type : {"pid", "mount", "network", "uts"}) {
    spec.linux_.namespaces.push_back({type, ""});
  }
  return spec;
}

std::string DescribeCreate(const spec::Spec& spec) {
  const CreateInput input{
      .spec = spec, .container_id = "c1", .bundle = "/b", .rootfs = "/b/rootfs"};
  const absl::StatusOr<Block> block = BuildCreate(input);
  return block.ok() ? Describe(block->plan()) : std::string(block.status().message());
}

// Where `what` stands in the list of steps, so that orders can be compared.
size_t LineOf(const std::string& description, const std::string& what) {
  const std::vector<std::string> lines = absl::StrSplit(description, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find(what) != std::string::npos) return i;
  }
  ADD_FAILURE() << "no '" << what << "' in\n" << description;
  return 0;
}

TEST(BuildCreateTest, WithNothingToJoinOneCloneMakesEveryNamespace) {
  EXPECT_THAT(DescribeCreate(MakeSpec()), HasSubstr("launch: direct, one clone with new"));
}

TEST(BuildCreateTest, ANamespaceToJoinIsJoinedByAnIntermediate) {
  spec::Spec spec = MakeSpec();
  spec.linux_.namespaces[2].path = "/run/netns/x";
  const std::string description = DescribeCreate(spec);
  EXPECT_THAT(description, HasSubstr("launch: staged"));
  EXPECT_THAT(description, HasSubstr("joining the namespaces network"));
  EXPECT_THAT(description, Not(HasSubstr("loopback")));
}

TEST(BuildCreateTest, TimeOffsetsAreWrittenBeforeAnyProcessIsInTheNamespace) {
  spec::Spec spec = MakeSpec();
  spec.linux_.namespaces.push_back({"time", ""});
  spec.linux_.time_offsets["monotonic"] = {100, 0};
  const std::string description = DescribeCreate(spec);
  EXPECT_LT(LineOf(description, "making a new time namespace"),
            LineOf(description, "cloning init"));
}

TEST(BuildCreateTest, ThePrivilegedJoinTheUserNamespaceLastTheOthersFirst) {
  spec::Spec spec = MakeSpec();
  spec.linux_.namespaces[2].path = "/net";
  spec.linux_.namespaces.push_back({"user", "/user"});
  EXPECT_THAT(DescribeCreate(spec), HasSubstr("joining the namespaces network, user"));
  const CreateInput input{.spec = spec,
                          .container_id = "c1",
                          .bundle = "/b",
                          .rootfs = "/b/rootfs",
                          .privileged = false};
  EXPECT_THAT(Describe(BuildCreate(input)->plan()),
              HasSubstr("joining the namespaces user, network"));
}

TEST(BuildCreateTest, WithoutAMountNamespaceTheHostsMountsAreNotTouched) {
  spec::Spec spec = MakeSpec();
  spec.linux_.namespaces.erase(spec.linux_.namespaces.begin() + 1);
  EXPECT_THAT(DescribeCreate(spec), HasSubstr("a 'mount' namespace is needed"));
}

TEST(BuildCreateTest, CreateContainerHooksRunBeforeThePivotStartContainerHooksAfterTheGate) {
  spec::Spec spec = MakeSpec();
  spec.hooks.emplace();
  spec.hooks->create_container.emplace_back().path = "/cc";
  spec.hooks->start_container.emplace_back().path = "/sc";
  const std::string description = DescribeCreate(spec);
  EXPECT_LT(LineOf(description, "'/cc'"), LineOf(description, "pivoting"));
  EXPECT_LT(LineOf(description, "waiting for the start"), LineOf(description, "'/sc'"));
}

TEST(BuildCreateTest, TheFilterComesLastAndAfterNoNewPrivilegesWhereThatIsAsked) {
  spec::Spec spec = MakeSpec();
  seccomp::Filter filter;
  filter.instructions.resize(3);
  const CreateInput input{
      .spec = spec, .container_id = "c1", .bundle = "/b", .rootfs = "/b/rootfs", .filter = &filter};
  // Without no_new_privs, loading it needs a capability that is dropped only afterwards.
  std::string description = Describe(BuildCreate(input)->plan());
  EXPECT_LT(LineOf(description, "waiting for the start"), LineOf(description, "seccomp filter"));
  EXPECT_LT(LineOf(description, "seccomp filter"), LineOf(description, "dropping the capability"));
  spec.process->no_new_privileges = true;
  description = Describe(BuildCreate(input)->plan());
  EXPECT_LT(LineOf(description, "no_new_privs"), LineOf(description, "seccomp filter"));
  EXPECT_THAT(description, Not(HasSubstr("dropping the capability")));
}

TEST(BuildCreateTest, AmbientIsWhatIsAlsoPermittedAndInheritable) {
  spec::Spec spec = MakeSpec();
  spec.process->capabilities.emplace();
  spec.process->capabilities->ambient = {"CAP_KILL", "CAP_CHOWN"};
  spec.process->capabilities->permitted = {"CAP_KILL", "CAP_CHOWN"};
  spec.process->capabilities->inheritable = {"CAP_KILL"};
  EXPECT_THAT(DescribeCreate(spec), HasSubstr("ambient {CAP_KILL}"));
}

TEST(BuildCreateTest, TheLastOfTwoVariablesDecidesWhereTheProgramIsLookedFor) {
  const spec::Spec spec = MakeSpec();
  const CreateInput input{
      .spec = spec, .container_id = "c1", .bundle = "/b", .rootfs = "/b/rootfs"};
  const Block block = *BuildCreate(input);
  const Plan& plan = block.plan();
  for (uint32_t i = 0; i < plan.init.count; ++i) {
    const Step& step = plan.at(plan.init, i);
    if (step.kind != StepKind::kFindExecutable) continue;
    ASSERT_EQ(step.find.candidates.count, 2u);
    EXPECT_STREQ(plan.text(plan.at(step.find.candidates, 0)), "/c/sh");
    EXPECT_STREQ(plan.text(plan.at(step.find.candidates, 1)), "/d/sh");
  }
}

TEST(BuildCreateTest, ABindWithDataNamesTheOption) {
  spec::Spec spec = MakeSpec();
  spec.mounts.push_back({"/x", "bind", "/y", {"rbind", "size=3"}, {}, {}});
  EXPECT_THAT(DescribeCreate(spec), HasSubstr("/mounts/0/options: 'size'"));
}

TEST(FailureStatusTest, NamesTheWishTheStepTheCallAndTheErrno) {
  spec::Spec spec = MakeSpec();
  spec.mounts.push_back({"/proc", "proc", "proc", {"nosuid"}, {}, {}});
  const CreateInput input{
      .spec = spec, .container_id = "c1", .bundle = "/b", .rootfs = "/b/rootfs"};
  const Block block = *BuildCreate(input);
  sync::Message failure;
  failure.operation = sync::Operation::kFsMount;
  failure.error = EPERM;
  for (uint32_t i = 0; i < block.plan().init.count; ++i) {
    if (block.plan().at(block.plan().init, i).kind == StepKind::kMount) failure.step = i;
  }
  EXPECT_EQ(FailureStatus(block.plan(), failure),
            absl::PermissionDeniedError(
                "/mounts/0: mounting proc at '/proc' (nosuid): fsmount: operation not permitted"));
}

TEST(FailureStatusTest, AStepThatThePlanDoesNotHaveIsOurBug) {
  const spec::Spec spec = MakeSpec();
  const CreateInput input{
      .spec = spec, .container_id = "c1", .bundle = "/b", .rootfs = "/b/rootfs"};
  const Block block = *BuildCreate(input);
  sync::Message failure;
  failure.step = 100000;
  EXPECT_EQ(FailureStatus(block.plan(), failure).code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace hull::plan
