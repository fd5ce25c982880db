#include "spec/validate.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "spec/check_rules.h"
#include "spec/forms.h"
#include "spec/names.h"
#include "spec/report.h"
#include "spec/validate_internal.h"

namespace hull::spec {
namespace {

absl::Status Finish(Report report, std::vector<Diagnostic>* warnings) {
  if (warnings != nullptr) {
    std::vector<Diagnostic> mine = report.TakeWarnings();
    std::move(mine.begin(), mine.end(), std::back_inserter(*warnings));
  }
  return report.status();
}

void CheckVersion(absl::string_view version, const Path& path, Report* report) {
  if (!IsVersion(version)) {
    report->Error(path / "ociVersion", absl::StrCat(version.empty() ? "missing, " : "",
                                                    "expected a version as '1.3.0'"));
  } else if (!absl::StartsWith(version, "1.")) {
    report->Error(path / "ociVersion", "expected version 1 of the specification",
                  "this runtime implements 1.0 to 1.3");
  }
}

void CheckNames(const Spec& spec, const Path& path, Report* report) {
  const bool own_uts = FindNamespace(spec.linux_, "uts") != nullptr;
  constexpr absl::string_view kFix = "add {\"type\": \"uts\"} to /linux/namespaces";
  if (!spec.hostname.empty() && !own_uts) {
    report->Error(path / "hostname", "expected a uts namespace for it", kFix);
  }
  if (!spec.domainname.empty() && !own_uts) {
    report->Error(path / "domainname", "expected a uts namespace for it", kFix);
  }
  for (const auto& [key, value] : spec.annotations) {
    if (key.empty()) report->Error(path / "annotations" / key, "expected a non-empty key");
  }
}

// A longer list names something twice or unknown, which its beginning shows: no need to compare all
// of what may be a million entries with each other.
constexpr size_t kMaxCompared = 64;

void CheckRlimits(const std::vector<Rlimit>& rlimits, const Path& path, Report* report) {
  for (size_t i = 0; i < rlimits.size(); ++i) {
    if (rlimits[i].soft > rlimits[i].hard) {
      report->Error(path / i / "soft",
                    absl::StrCat("expected at most the hard limit, ", rlimits[i].hard));
    }
    for (size_t before = 0; before < std::min(i, kMaxCompared); ++before) {
      if (rlimits[before].type != rlimits[i].type) continue;
      report->Error(path / i / "type", absl::StrCat("expected each type once, it is at ", before),
                    "remove one of them");
      break;
    }
  }
}

}  // namespace

const Namespace* FindNamespace(const Linux& linux, absl::string_view type) {
  const size_t size = std::min(linux.namespaces.size(), kMaxCompared);
  for (size_t i = 0; i < size; ++i) {
    if (linux.namespaces[i].type == type) return &linux.namespaces[i];
  }
  return nullptr;
}

bool HasNewNamespace(const Linux& linux, absl::string_view type) {
  const Namespace* found = FindNamespace(linux, type);
  return found != nullptr && found->path.empty();
}

// What execve(2) or the kernel refuses: no set may hold what the one that bounds it does not. Names
// that are not known act nowhere, and have been warned of.
void CheckWithin(const std::vector<std::string>& set, const std::vector<std::string>& bounds,
                 absl::string_view name, const Path& path, Report* report) {
  for (size_t i = 0; i < set.size(); ++i) {
    if (absl::c_linear_search(bounds, set[i]) || !absl::c_linear_search(kCapabilityNames, set[i])) {
      continue;
    }
    report->Error(path / i, absl::StrCat("expected a capability that is ", name, ", too"),
                  absl::StrCat("add it to '", name, "' or remove it here"));
  }
}

void CheckProcess(const Process& process, const Path& path, Report* report) {
  if (process.args.empty()) {
    report->Error(path / "args", "missing, expected the program and its arguments");
  } else if (process.args[0].empty()) {
    report->Error(path / "args" / 0, "expected the name of a program");
  }
  if (process.user.additional_gids.size() > 65536) {
    report->Error(path / "user" / "additionalGids", "expected at most 65536 groups");
  }
  CheckRlimits(process.rlimits, path / "rlimits", report);
  if (process.capabilities.has_value()) {
    const Capabilities& sets = *process.capabilities;
    const Path capabilities = path / "capabilities";
    CheckWithin(sets.effective, sets.permitted, "permitted", capabilities / "effective", report);
    CheckWithin(sets.inheritable, sets.bounding, "bounding", capabilities / "inheritable", report);
  }
  CheckScheduling(process, path, report);
}

absl::Status Validate(const Parsed& parsed, std::vector<Diagnostic>* warnings) {
  const Spec& spec = parsed.spec;
  const Path root;
  Report report(&parsed.document);
  CheckVersion(spec.oci_version, root, &report);
  CheckRules(spec, root, &report);
  if (spec.process.has_value()) {
    CheckProcess(*spec.process, root / "process", &report);
  } else {
    report.Error(root / "process", "missing, expected the process to start");
  }
  CheckNames(spec, root, &report);
  CheckMounts(spec, root / "mounts", &report);
  CheckLinux(spec, root / "linux", parsed.document, &report);
  return Finish(std::move(report), warnings);
}

absl::Status Validate(const ParsedProcess& parsed, std::vector<Diagnostic>* warnings) {
  Report report(&parsed.document);
  CheckRules(parsed.process, Path(), &report);
  CheckProcess(parsed.process, Path(), &report);
  return Finish(std::move(report), warnings);
}

absl::Status Validate(const ParsedResources& parsed, std::vector<Diagnostic>* warnings) {
  Report report(&parsed.document);
  CheckRules(parsed.resources, Path(), &report);
  CheckResources(parsed.resources, /*update=*/true, Path(), &report);
  return Finish(std::move(report), warnings);
}

}  // namespace hull::spec
