// Fuzzes what reads text that others wrote: the kernel's files, saved and configured paths, names
// from a config. Nothing may crash, no path may leave the hierarchy, no file name the directory.
#include <linux/magic.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cgroups/apply.h"
#include "cgroups/devices.h"
#include "cgroups/host.h"
#include "cgroups/parse.h"
#include "cgroups/path.h"
#include "cgroups/resources.h"

namespace hull::cgroups {
namespace {

void Check(bool holds) {
  if (!holds) abort();
}

void Parse(absl::string_view text) {
  ParseNumber(text);
  ParseFlatKeyed(text);
  ParseNumbers(text);
  Check(ParseIdList(text).size() <= 65536 * (text.size() + 1));
  ParsePressure(text);
  ParseIoStat(text);
  ParseBlkio(text);
}

void Resolve(absl::string_view text) {
  for (absl::string_view base : {"/", "/a/b", "/../x"}) {
    const absl::StatusOr<std::string> path = ResolvePath(text, "id", base);
    if (!path.ok()) continue;
    Check(!path->empty() && !path->starts_with('/'));
    Check(!absl::StrContains(absl::StrCat("/", *path, "/"), "/../"));
    Check(path->find('\0') == std::string::npos);
    Location location;
    location.directories = {*path};
    Check(CheckLocation(location).ok());
  }
}

void ConvertNames(const std::string& text) {
  spec::Resources resources;
  const int which = text.empty() ? 0 : text[0] % 3;
  if (which == 0) resources.hugepage_limits = {{text, 1}};
  if (which == 1) resources.unified = {{text, text}};
  if (which == 2) resources.rdma[text].hca_handles = 1;
  const auto all = [](absl::string_view) { return true; };
  const auto current = [&text](absl::string_view) -> absl::StatusOr<std::string> { return text; };
  for (auto* convert : {&ConvertV1, &ConvertV2}) {
    const absl::StatusOr<std::vector<Write>> writes = (*convert)(resources, all, current);
    if (!writes.ok()) continue;
    for (const Write& write : *writes) {
      Check(!absl::StrContains(write.file, '/') && write.file.find('\0') == std::string::npos);
      Check(write.file.starts_with(write.controller + "."));
      UndoValue(write.file, write.value, text);
    }
  }
}

void Describe(const std::string& text) {
  const auto magic = [&text](const std::string& path) -> unsigned long {
    return path.size() % 2 == text.size() % 2 ? CGROUP_SUPER_MAGIC : 0;
  };
  const auto proc = [&text](absl::string_view) -> absl::StatusOr<std::string> { return text; };
  const absl::StatusOr<Host> host = DescribeHost("/mnt", {magic, proc});
  if (host.ok()) OwnCgroup(*host, "memory").IgnoreError();
}

}  // namespace
}  // namespace hull::cgroups

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  hull::cgroups::Parse(text);
  hull::cgroups::Resolve(text);
  hull::cgroups::ConvertNames(text);
  hull::cgroups::Describe(text);
  return 0;
}
