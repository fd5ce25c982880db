#include "spec/mount_idmap.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace hull::spec {
namespace {

absl::Status Problem(absl::string_view text, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' ", problem));
}

// From an id of the container to one of the host, for a whole range.
bool Translate(const std::vector<IdMapping>& container, IdMapping* range) {
  for (const IdMapping& mapping : container) {
    const uint64_t end = uint64_t{mapping.container_id} + mapping.size;
    if (range->host_id < mapping.container_id) continue;
    if (uint64_t{range->host_id} + range->size > end) continue;
    range->host_id = range->host_id - mapping.container_id + mapping.host_id;
    return true;
  }
  return false;
}

absl::StatusOr<IdMapping> ParseTriplet(absl::string_view text,
                                       const std::vector<IdMapping>& container) {
  absl::string_view numbers = text;
  const bool relative = absl::ConsumePrefix(&numbers, "@");
  const std::vector<absl::string_view> parts = absl::StrSplit(numbers, '-');
  IdMapping mapping;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &mapping.container_id) ||
      !absl::SimpleAtoi(parts[1], &mapping.host_id) || !absl::SimpleAtoi(parts[2], &mapping.size) ||
      mapping.size == 0) {
    return Problem(text, "is no range FILE-HOST-SIZE");
  }
  if (relative && !Translate(container, &mapping)) {
    return Problem(text, "is relative, and no mapping of the user namespace covers its range");
  }
  return mapping;
}

absl::StatusOr<std::vector<IdMapping>> ParseRanges(absl::string_view text,
                                                   const std::vector<IdMapping>& container) {
  std::vector<IdMapping> mappings;
  for (const absl::string_view triplet : absl::StrSplit(text, '#')) {
    const absl::StatusOr<IdMapping> mapping = ParseTriplet(triplet, container);
    if (!mapping.ok()) return mapping.status();
    mappings.push_back(*mapping);
  }
  return mappings;
}

}  // namespace

IdMapWish IdMapOf(const Mount& mount) {
  IdMapWish wish;
  wish.asked = !mount.uid_mappings.empty() || !mount.gid_mappings.empty();
  for (size_t i = 0; i < mount.options.size(); ++i) {
    absl::string_view option = mount.options[i];
    const bool recursive = absl::ConsumePrefix(&option, "r");
    if (!absl::ConsumePrefix(&option, "idmap")) continue;
    if (!option.empty() && !absl::ConsumePrefix(&option, "=")) continue;
    wish = {
        .asked = true, .recursive = recursive, .by_option = true, .option = i, .own_words = option};
  }
  return wish;
}

absl::StatusOr<IdMaps> ParseIdMapWords(absl::string_view words, const Linux& linux_block) {
  IdMaps maps;
  for (const absl::string_view part : absl::StrSplit(words, ';', absl::SkipEmpty())) {
    absl::string_view ranges = part;
    const bool users = absl::ConsumePrefix(&ranges, "uids=");
    if (!users && !absl::ConsumePrefix(&ranges, "gids=")) {
      return Problem(part, "is neither 'uids=' nor 'gids='");
    }
    absl::StatusOr<std::vector<IdMapping>> parsed =
        ParseRanges(ranges, users ? linux_block.uid_mappings : linux_block.gid_mappings);
    if (!parsed.ok()) return parsed.status();
    (users ? maps.uids : maps.gids) = *std::move(parsed);
  }
  if (maps.uids.empty() || maps.gids.empty()) {
    return Problem(words, "does not map both 'uids=' and 'gids='");
  }
  return maps;
}

}  // namespace hull::spec
