// What the tests of plans share.
#ifndef HULL_RUNTIME_PLAN_TESTING_H_
#define HULL_RUNTIME_PLAN_TESTING_H_

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "runtime/plan/build.h"
#include "runtime/plan/describe.h"

namespace hull::plan {

// A config whose plan has nothing out of the ordinary.
inline spec::Spec MakeSpec() {
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

// The plan of `create` in words, or why there is none.
inline std::string DescribeCreate(const spec::Spec& spec) {
  const CreateInput input{
      .spec = spec, .container_id = "c1", .bundle = "/b", .rootfs = "/b/rootfs"};
  const absl::StatusOr<Block> block = BuildCreate(input);
  return block.ok() ? Describe(block->plan()) : std::string(block.status().message());
}

// Where `what` stands in the list of steps, so that orders can be compared.
inline size_t LineOf(const std::string& description, const std::string& what) {
  const std::vector<std::string> lines = absl::StrSplit(description, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find(what) != std::string::npos) return i;
  }
  ADD_FAILURE() << "no '" << what << "' in\n" << description;
  return 0;
}

}  // namespace hull::plan

#endif  // HULL_RUNTIME_PLAN_TESTING_H_
