#include "spec/spec.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "cgroups/host.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "spec/default_spec.h"
#include "spec/to_json.h"
#include "tools/commands/commands.h"

namespace hull::tools {
namespace {

constexpr Flag kFlags[] = {
    {.name = "bundle", .letter = 'b', .value = "DIR", .help = "write it there (default: here)"},
    {.name = "rootless", .help = "one that needs no privileges"},
};

bool OnlyCgroup2() {
  const absl::StatusOr<cgroups::Host> host = cgroups::ProbeHost();
  return host.ok() && host->mode == cgroups::Mode::kUnified;
}

absl::StatusOr<int> RunSpec(const Invocation& invocation) {
  const Arguments& arguments = invocation.arguments;
  const spec::Spec written = arguments.Switch("rootless")
                                 ? spec::RootlessSpec(geteuid(), getegid(), OnlyCgroup2())
                                 : spec::DefaultSpec(OnlyCgroup2());
  const std::string path = absl::StrCat(arguments.Last("bundle", "."), "/config.json");
  const absl::StatusOr<sys::UniqueFd> file =
      sys::OpenAt(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
  if (absl::IsAlreadyExists(file.status())) {
    return absl::AlreadyExistsError(absl::StrCat("'", path, "' exists, remove it first"));
  }
  if (!file.ok()) return base::Annotate(file.status(), "making '", path, "'");
  RETURN_IF_ERROR(sys::WriteAll(file->get(), absl::StrCat(spec::ToJson(written), "\n")),
                  "writing '", path, "'");
  return 0;
}

}  // namespace

const Command kSpec = {.name = "spec",
                       .usage = "spec [flags]",
                       .summary = "write a config.json to start from",
                       .flags = kFlags,
                       .run = &RunSpec};

}  // namespace hull::tools
