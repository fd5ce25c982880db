// What the two conversions share.
#ifndef HULL_CGROUPS_RESOURCES_INTERNAL_H_
#define HULL_CGROUPS_RESOURCES_INTERNAL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "cgroups/resources.h"
#include "spec/spec.h"

namespace hull::cgroups::internal {

inline constexpr absl::string_view kRoot = "linux.resources.";

// Collects the writes of one controller.
class Writer {
 public:
  Writer(absl::string_view controller, std::vector<Write>& writes)
      : controller_(controller), writes_(writes) {}

  void Add(absl::string_view file, absl::string_view value, absl::string_view field,
           Write::When when = Write::When::kAlways) {
    writes_.push_back(
        {controller_, std::string(file), std::string(value), absl::StrCat(kRoot, field), when});
  }

 private:
  std::string controller_;
  std::vector<Write>& writes_;
};

absl::Status BadField(absl::string_view field, absl::string_view value, absl::string_view why);

// "64KB", "2MB", "1GB": digits and a unit, nothing that could leave the directory.
absl::Status CheckPageSize(absl::string_view page_size, absl::string_view field);
// Names of rdma devices and interfaces: printable, no space, no '/'.
absl::Status CheckName(absl::string_view name, absl::string_view field);
absl::Status CheckDevice(int64_t major, int64_t minor, absl::string_view field);

// rdma.max is the same on v1 and v2.
absl::Status ConvertRdma(const spec::Resources& resources, std::vector<Write>& writes);
// pids.max is the same on v1 and v2: below 0 is "max", 0 is 1 (the container's own process).
void ConvertPids(const spec::Resources& resources, std::vector<Write>& writes);

}  // namespace hull::cgroups::internal

#endif  // HULL_CGROUPS_RESOURCES_INTERNAL_H_
