#include "runtime/plan/build.h"

#include <errno.h>
#include <linux/sched.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/plan/testing.h"

namespace hull::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

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

TEST(BuildCreateTest, WithoutClone3AnIntermediateMakesTheTimeNamespace) {
  spec::Spec spec = MakeSpec();
  spec.linux_.namespaces.push_back({"time", ""});
  EXPECT_THAT(DescribeCreate(spec), HasSubstr("launch: direct"));
  const CreateInput input{
      .spec = spec, .container_id = "c1", .bundle = "/b", .rootfs = "/b/rootfs", .clone3 = false};
  const std::string description = Describe(BuildCreate(input)->plan());
  EXPECT_LT(LineOf(description, "making a new time namespace"),
            LineOf(description, "cloning init"));
}

TEST(BuildCreateTest, NetworkDevicesAreThereBeforeTheirSysctlsAndAnyHook) {
  spec::Spec spec = MakeSpec();
  spec.linux_.net_devices["eth0"] = {};
  spec.linux_.sysctl["net.ipv4.conf.eth0.forwarding"] = "1";
  spec.hooks.emplace().create_runtime.push_back({"/hook", {}, {}, {}});
  const std::string description = DescribeCreate(spec);
  const size_t moved = LineOf(description, "waiting for the network devices");
  EXPECT_LT(LineOf(description, "bringing up the loopback interface"), moved);
  EXPECT_LT(moved, LineOf(description, "to the sysctl"));
  EXPECT_LT(moved, LineOf(description, "createRuntime hooks"));
}

TEST(BuildCreateTest, ASysctlIsOfTheFileThatWasChecked) {
  spec::Spec spec = MakeSpec();
  spec.linux_.sysctl["net.ipv4.conf.eth0/7.forwarding"] = "1";
  spec.linux_.sysctl["net/ipv4/conf/eth0.8/forwarding"] = "1";
  const std::string description = DescribeCreate(spec);
  EXPECT_THAT(description, HasSubstr("to the sysctl 'net/ipv4/conf/eth0.7/forwarding'"));
  EXPECT_THAT(description, HasSubstr("to the sysctl 'net/ipv4/conf/eth0.8/forwarding'"));
}

TEST(BuildCreateTest, WhereNobodyIsRootTheProcesssUserMakesTheMounts) {
  spec::Spec spec = MakeSpec();
  spec.linux_.namespaces.push_back({"user", ""});
  spec.linux_.uid_mappings = spec.linux_.gid_mappings = {{0, 100000, 65536}};
  spec.process->user.uid = spec.process->user.gid = 1000;
  EXPECT_THAT(DescribeCreate(spec), HasSubstr("becoming root of the user namespace"));
  spec.linux_.uid_mappings = spec.linux_.gid_mappings = {{1000, 100000, 1}};
  EXPECT_THAT(DescribeCreate(spec), HasSubstr("becoming uid 1000, gid 1000 of the user namespace"));
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

TEST(BuildCreateTest, TheWorkingDirectoryOfAReadonlyRootIsMadeBeforeItIsThat) {
  spec::Spec spec = MakeSpec();
  spec.root.readonly = true;
  EXPECT_THAT(DescribeCreate(spec), Not(HasSubstr("making the directory")));
  spec.process->cwd = "/new//dir/";
  const std::string description = DescribeCreate(spec);
  EXPECT_LT(LineOf(description, "making the directory '/new/dir' where it is missing"),
            LineOf(description, "remounting '/' (ro)"));
  spec.root.readonly = false;
  EXPECT_THAT(DescribeCreate(spec), Not(HasSubstr("making the directory")));
}

TEST(BuildCreateTest, WithoutAMountNamespaceTheHostsMountsAreNotTouched) {
  spec::Spec spec = MakeSpec();
  spec.linux_.namespaces.erase(spec.linux_.namespaces.begin() + 1);
  EXPECT_THAT(DescribeCreate(spec), HasSubstr("a 'mount' namespace is needed"));
}

spec::Mount MakeMount(const std::string& destination, const std::string& type,
                      const std::vector<std::string>& options = {}) {
  spec::Mount mount;
  mount.destination = destination;
  mount.type = type;
  mount.source = "/source";
  mount.options = options;
  return mount;
}

// The targets of the mounts that must be looked at, lest a symlink should lead into /proc.
std::vector<std::string> LookedAt(const std::vector<spec::Mount>& mounts) {
  spec::Spec spec = MakeSpec();
  spec.mounts = mounts;
  const CreateInput input{
      .spec = spec, .container_id = "c1", .bundle = "/b", .rootfs = "/b/rootfs"};
  const absl::StatusOr<Block> block = BuildCreate(input);
  std::vector<std::string> targets;
  const Plan& plan = block->plan();
  for (uint32_t i = 0; i < plan.init.count; ++i) {
    const Step& step = plan.at(plan.init, i);
    if (step.kind != StepKind::kMount || step.mount.not_in_proc == 0) continue;
    targets.emplace_back(plan.text(step.mount.target));
  }
  return targets;
}

TEST(BuildCreateTest, OnlyWhereASymlinkMayLeadElsewhereATargetIsLookedAt) {
  const spec::Mount proc = MakeMount("/proc", "proc"), sys = MakeMount("/sys", "sysfs");
  const spec::Mount dev = MakeMount("/dev", "tmpfs"), pts = MakeMount("/dev/pts", "devpts");
  const spec::Mount uptime = MakeMount("/proc/uptime", "bind");
  const spec::Mount hosts = MakeMount("/etc/hosts", "bind");
  EXPECT_THAT(LookedAt({proc, dev, pts, sys, uptime}), IsEmpty());
  EXPECT_THAT(LookedAt({proc, dev, pts, hosts}), ElementsAre("/etc/hosts"));
  EXPECT_THAT(LookedAt({proc, pts}), ElementsAre("/dev/pts"));

  EXPECT_THAT(LookedAt({MakeMount("/dev", "bind"), pts}), ElementsAre("/dev", "/dev/pts"));
  const spec::Mount volume = MakeMount("/dev/volume", "bind");
  EXPECT_THAT(LookedAt({dev, volume, MakeMount("/dev/volume/file", "bind")}),
              ElementsAre("/dev/volume/file"));
  const spec::Mount link = MakeMount("/dev/link", "bind", {"copy-symlink"});
  EXPECT_THAT(LookedAt({dev, link, pts}), ElementsAre("/dev/pts"));
  const spec::Mount copy = MakeMount("/dev", "tmpfs", {"tmpcopyup"});
  EXPECT_THAT(LookedAt({copy, pts}), ElementsAre("/dev/pts"));
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

std::string DescribeOld(const spec::Spec& spec) {
  const CreateInput input{.spec = spec,
                          .container_id = "c1",
                          .bundle = "/b",
                          .rootfs = "/b/rootfs",
                          .mount_api = MountApi::kOld};
  const absl::StatusOr<Block> block = BuildCreate(input);
  return block.ok() ? Describe(block->plan()) : std::string(block.status().message());
}

TEST(BuildCreateTest, OnlyTheOldMountApiIsSpokenOf) {
  EXPECT_THAT(DescribeOld(MakeSpec()), HasSubstr("mounts: by mount(2)"));
  EXPECT_THAT(DescribeCreate(MakeSpec()), Not(HasSubstr("mounts: by")));
}

spec::Spec MakeLabelledSpec() {
  spec::Spec spec = MakeSpec();
  spec.process->apparmor_profile = "profile";
  spec.process->selinux_label = "u:r:t:s0:c1,c2";
  spec.linux_.mount_label = "u:o:f:s0:c1,c2";
  return spec;
}

TEST(BuildCreateTest, LabelFilesAreOpenedBeforeAnyMountAndWrittenAfterTheHooks) {
  spec::Spec spec = MakeLabelledSpec();
  spec.process->no_new_privileges = true;
  spec.hooks.emplace();
  spec.hooks->start_container.emplace_back().path = "/sc";
  const std::string description = DescribeCreate(spec);
  const size_t opened = LineOf(description, "opening its label files");
  EXPECT_LT(opened, LineOf(description, "mounting the rootfs"));
  EXPECT_LT(opened, LineOf(description, "labelling new keys 'u:r:t:s0:c1,c2'"));
  EXPECT_LT(LineOf(description, "labelling new keys"),
            LineOf(description, "joining the session keyring"));
  for (const char* written :
       {"setting the AppArmor profile 'profile'  [/process/apparmorProfile]",
        "setting the SELinux label 'u:r:t:s0:c1,c2'  [/process/selinuxLabel]"}) {
    EXPECT_LT(LineOf(description, "'/sc'"), LineOf(description, written));
    EXPECT_LT(LineOf(description, written), LineOf(description, "no_new_privs"));
  }
}

TEST(BuildCreateTest, WhatHasNoLabelOpensNoFile) {
  EXPECT_THAT(DescribeCreate(MakeSpec()), Not(HasSubstr("label")));
}

TEST(BuildCreateTest, WithoutAKeyringOfItsOwnNoKeyIsLabelled) {
  const spec::Spec spec = MakeLabelledSpec();
  const CreateInput input{.spec = spec,
                          .container_id = "c1",
                          .bundle = "/b",
                          .rootfs = "/b/rootfs",
                          .session_keyring = false};
  EXPECT_THAT(Describe(BuildCreate(input)->plan()), Not(HasSubstr("new keys")));
}

TEST(BuildCreateTest, TheMountLabelIsForFileSystemsThatAreNotTheKernelsOwn) {
  spec::Spec spec = MakeLabelledSpec();
  spec.mounts.push_back({"/t", "tmpfs", "tmpfs", {"size=1k"}, {}, {}});
  spec.mounts.push_back({"/own", "tmpfs", "tmpfs", {"rootcontext=x"}, {}, {}});
  spec.mounts.push_back({"/p", "proc", "proc", {}, {}, {}});
  spec.mounts.push_back({"/s", "sysfs", "sysfs", {"ro"}, {}, {}});
  spec.mounts.push_back({"/q", "mqueue", "mqueue", {}, {}, {}});
  spec.mounts.push_back({"/b", "bind", "/src", {"bind"}, {}, {}});
  spec.linux_.masked_paths = {"/p/acpi"};
  const std::string description = DescribeCreate(spec);
  for (const char* line :
       {"mounting tmpfs at '/t' (size=1k,context=u:o:f:s0:c1,c2)  [",
        "mounting tmpfs at '/own' (rootcontext=x)  [", "mounting proc at '/p'  [",
        "mounting sysfs at '/s' (ro)  [", "mounting mqueue at '/q' (label=u:o:f:s0:c1,c2)  [",
        "binding '/src' at '/b'  [", "masking '/p/acpi' (context=u:o:f:s0:c1,c2)  ["}) {
    EXPECT_THAT(description, HasSubstr(line));
  }
}

TEST(BuildCreateTest, ForMountTheLabelStandsInQuotes) {
  spec::Spec spec = MakeLabelledSpec();
  spec.mounts.push_back({"/t", "tmpfs", "tmpfs", {"size=1k"}, {}, {}});
  const CreateInput input{
      .spec = spec, .container_id = "c1", .bundle = "/b", .rootfs = "/b/rootfs"};
  const Block block = *BuildCreate(input);
  const Plan& plan = block.plan();
  for (uint32_t i = 0; i < plan.init.count; ++i) {
    const Step& step = plan.at(plan.init, i);
    if (step.kind != StepKind::kMount) continue;
    EXPECT_STREQ(plan.text(step.mount.data), "size=1k,context=\"u:o:f:s0:c1,c2\"");
  }
}

TEST(BuildJoinTest, AFurtherProcessHasItsLabelsAndNoKeyringWhereTheContainerHasNone) {
  const spec::Spec spec = MakeLabelledSpec();
  JoinInput input{
      .spec = spec, .process = *spec.process, .container_id = "c1", .session_keyring = false};
  input.fds.proc = 9;
  const Block block = *BuildJoin(input);
  const std::string description = Describe(block.plan());
  EXPECT_LT(LineOf(description, "opening its label files"),
            LineOf(description, "setting the AppArmor profile"));
  EXPECT_THAT(description, Not(HasSubstr("new keys")));
  ASSERT_EQ(block.plan().inherited_fds.count, 1u);
  EXPECT_EQ(block.plan().at(block.plan().inherited_fds, 0), 9);
}

// What main says where the first step of `kind` fails at `operation` with `error`.
std::string FailureOf(const spec::Spec& spec, StepKind kind, int error,
                      sync::Operation operation = sync::Operation::kWrite) {
  const CreateInput input{
      .spec = spec, .container_id = "c1", .bundle = "/b", .rootfs = "/b/rootfs"};
  const Block block = *BuildCreate(input);
  sync::Message failure;
  failure.operation = operation;
  failure.error = error;
  uint32_t step = 0;
  while (block.plan().at(block.plan().init, step).kind != kind) ++step;
  failure.step = block.plan().init.count - 1 - step;
  return std::string(FailureStatus(block.plan(), failure).message());
}

TEST(FailureStatusTest, ALabelThatIsRefusedNamesTheFileThatEnginesLookFor) {
  spec::Spec spec = MakeSpec();
  spec.process->apparmor_profile = "p";
  EXPECT_EQ(FailureOf(spec, StepKind::kLabel, ENOENT),
            "/process/apparmorProfile: setting the AppArmor profile 'p': write to "
            "`/proc/thread-self/attr/apparmor/exec`: no such file or directory; no profile of that "
            "name is loaded");
  EXPECT_EQ(FailureOf(spec, StepKind::kOpenLabels, EACCES),
            "opening its label files in the host's /proc: open "
            "`/proc/thread-self/attr/apparmor/exec`: permission denied");
  spec.process->apparmor_profile.clear();
  spec.process->selinux_label = "l";
  EXPECT_EQ(FailureOf(spec, StepKind::kLabel, EINVAL),
            "/process/selinuxLabel: labelling new keys 'l': write to "
            "`/proc/thread-self/attr/keycreate`: invalid argument; the policy that is loaded has "
            "no such label");
}

TEST(BuildCreateTest, AMountSaysEveryOptionThatActs) {
  spec::Spec spec = MakeSpec();
  spec.mounts.push_back(
      {"/x", "bind", "/y", {"rbind", "rw", "exec", "rro", "rslave", "src-nofollow"}, {}, {}});
  spec.mounts.push_back({"/z", "tmpfs", "t", {"sync", "silent", "size=1k", "tmpcopyup"}, {}, {}});
  spec.mounts.push_back({"/i", "bind", "/y", {"bind", "ridmap"}, {{0, 1, 1}}, {{0, 1, 1}}});
  const std::string description = DescribeCreate(spec);
  EXPECT_THAT(description,
              HasSubstr("binding the tree '/y' at '/x' (rw,exec,rro,rslave,src-nofollow)"));
  EXPECT_THAT(description, HasSubstr("mounting tmpfs at '/z' (sync,silent,tmpcopyup,size=1k)"));
  EXPECT_THAT(description, HasSubstr("binding '/y' at '/i' (ridmap)"));
}

TEST(BuildCreateTest, WhatHasNoTypeChangesWhatIsThere) {
  spec::Spec spec = MakeSpec();
  spec.mounts.push_back({"/x", "", "", {"remount", "ro", "size=1k"}, {}, {}});
  spec.mounts.push_back({"/y", "", "", {"rshared"}, {}, {}});
  const std::string description = DescribeCreate(spec);
  EXPECT_THAT(description, HasSubstr("remounting '/x' (ro,size=1k)"));
  EXPECT_THAT(description, HasSubstr("remounting '/y' (rshared)"));
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
    if (block.plan().at(block.plan().init, i).kind == StepKind::kMount) {
      failure.step = block.plan().init.count - 1 - i;
    }
  }
  EXPECT_EQ(
      FailureStatus(block.plan(), failure),
      absl::PermissionDeniedError(
          "/mounts/0: mounting proc at '/proc' (nosuid): fsmount: operation not permitted; in "
          "a user namespace proc can be mounted only where the runtime itself sees a whole "
          "one: nothing of its own /proc may be masked or read-only"));
}

TEST(DescribeStepTest, EveryStepHasWords) {
  Arena arena;
  const Block block = arena.Finish(Plan());
  for (uint32_t kind = 0; kind <= static_cast<uint32_t>(StepKind::kExecute); ++kind) {
    Step step;
    step.kind = static_cast<StepKind>(kind);
    EXPECT_NE(DescribeStep(block.plan(), step), "an unknown step") << kind;
  }
}

TEST(FailureStatusTest, ATerminalWithoutDevptsNamesTheMountThatIsMissing) {
  spec::Spec spec = MakeSpec();
  spec.process->terminal = true;
  EXPECT_EQ(FailureOf(spec, StepKind::kConsole, ENOENT, sync::Operation::kOpenInRoot),
            "/process/terminal: making the terminal: open in the rootfs: no such file or "
            "directory; a terminal comes from the container's /dev/pts/ptmx: the config needs a "
            "mount of type devpts at /dev/pts");
}

TEST(FailureStatusTest, OnlyWhereNoSymlinkIsAdmittedALoopIsExplainedByOne) {
  spec::Spec spec = MakeSpec();
  spec.mounts = {MakeMount("/proc", "proc")};
  EXPECT_THAT(FailureOf(spec, StepKind::kMount, ELOOP, sync::Operation::kOpenInRoot),
              HasSubstr("no part of this path may be a symlink"));
  EXPECT_THAT(FailureOf(spec, StepKind::kDevice, ELOOP, sync::Operation::kOpenInRoot),
              HasSubstr("no part of this path may be a symlink"));
  spec.mounts = {MakeMount("/data", "tmpfs")};
  EXPECT_THAT(FailureOf(spec, StepKind::kMount, ELOOP, sync::Operation::kOpenInRoot),
              HasSubstr("its symlinks lead in a circle"));
}

TEST(FailureStatusTest, TheDomainNameOfAUserNamespaceHasAFieldOfItsOwn) {
  spec::Spec spec = MakeSpec();
  spec.linux_.sysctl["kernel.domainname"] = "x";
  EXPECT_THAT(FailureOf(spec, StepKind::kSysctl, EACCES, sync::Operation::kOpen),
              HasSubstr("set /domainname in its place"));
  spec.linux_.sysctl = {{"net.ipv4.ip_forward", "1"}};
  EXPECT_THAT(FailureOf(spec, StepKind::kSysctl, EACCES, sync::Operation::kOpen),
              Not(HasSubstr("/domainname")));
}

TEST(FailureStatusTest, WhatAProcessHasFoundOutIsSaidInWords) {
  spec::Spec spec = MakeSpec();
  spec.mounts = {MakeMount("/data", "bind")};
  EXPECT_THAT(FailureOf(spec, StepKind::kMount, EINVAL, sync::Operation::kOtherKind),
              HasSubstr("one is a directory, the other is not"));
  EXPECT_THAT(FailureOf(spec, StepKind::kMount, EPERM, sync::Operation::kInProc),
              HasSubstr("a symlink leads from there into /proc"));
  spec.mounts = {MakeMount("/data", "", {"remount", "ro"})};
  EXPECT_THAT(FailureOf(spec, StepKind::kRemount, EINVAL, sync::Operation::kNoMount),
              HasSubstr("nothing is mounted there"));
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
