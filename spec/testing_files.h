// Reads spec/testdata in tests.
#ifndef HULL_SPEC_TESTING_FILES_H_
#define HULL_SPEC_TESTING_FILES_H_

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hull::spec {

// Configurations as engines write them.
inline constexpr absl::string_view kEngineFiles[] = {"containerd_cri.json", "docker.json",
                                                     "podman.json", "podman_rootless.json"};

inline std::string ReadTestFile(absl::string_view name) {
  std::ifstream file(absl::StrCat("spec/testdata/", name));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace hull::spec

#endif  // HULL_SPEC_TESTING_FILES_H_
