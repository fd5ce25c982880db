// What the tests of the conversions share: a Spec's resources in, the writes as text out.
#ifndef HULL_CGROUPS_TESTING_RESOURCES_H_
#define HULL_CGROUPS_TESTING_RESOURCES_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cgroups/resources.h"

namespace hull::cgroups::testing {

using Fill = std::function<void(spec::Resources&)>;
using Files = std::map<std::string, std::string>;

inline std::vector<std::string> Texts(const std::vector<Write>& writes) {
  constexpr absl::string_view kSuffix[] = {
      "", " (try)", " (if refused)", " (if present)", " (else next)", " (read back)"};
  std::vector<std::string> texts;
  for (const Write& write : writes) {
    texts.push_back(
        absl::StrCat(write.file, "=", write.value, kSuffix[static_cast<int>(write.when)]));
  }
  return texts;
}

using Convert = absl::StatusOr<std::vector<Write>> (*)(const spec::Resources&, Serves, Current);

inline absl::StatusOr<std::vector<Write>> Call(Convert convert, const Fill& fill,
                                               const Files& files) {
  spec::Resources resources;
  fill(resources);
  return convert(
      resources, [](absl::string_view) { return true; },
      [&files](absl::string_view file) -> absl::StatusOr<std::string> {
        const auto found = files.find(std::string(file));
        if (found == files.end()) return absl::NotFoundError("no such file");
        return found->second;
      });
}

inline std::vector<std::string> V2(const Fill& fill, const Files& files = {}) {
  absl::StatusOr<std::vector<Write>> writes = Call(&ConvertV2, fill, files);
  if (!writes.ok()) return {std::string(writes.status().message())};
  return Texts(*writes);
}
inline std::vector<std::string> V1(const Fill& fill, const Files& files = {}) {
  absl::StatusOr<std::vector<Write>> writes = Call(&ConvertV1, fill, files);
  if (!writes.ok()) return {std::string(writes.status().message())};
  return Texts(*writes);
}

inline Fill Memory(std::function<void(spec::Memory&)> fill) {
  return [fill](spec::Resources& r) { fill(r.memory.emplace()); };
}
inline Fill Cpu(std::function<void(spec::Cpu&)> fill) {
  return [fill](spec::Resources& r) { fill(r.cpu.emplace()); };
}
inline Fill BlockIo(std::function<void(spec::BlockIo&)> fill) {
  return [fill](spec::Resources& r) { fill(r.block_io.emplace()); };
}

}  // namespace hull::cgroups::testing

#endif  // HULL_CGROUPS_TESTING_RESOURCES_H_
