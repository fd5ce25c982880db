// Times what every `create` does with its config.json: parse, bind, validate.
//
//   bazel run -c opt //spec:parse_bench [-- FILE [ROUNDS]]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "spec/document.h"
#include "spec/not_yet.h"
#include "spec/parse.h"
#include "spec/supported.h"
#include "spec/validate.h"

namespace hull::spec {
namespace {

double Now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::micro>(since).count();
}

void Print(const char* what, std::vector<double> times_us) {
  const double first_us = times_us.front();
  std::sort(times_us.begin(), times_us.end());
  std::printf("%-24s first %7.1f us  median %7.1f us  least %7.1f us\n", what, first_us,
              times_us[times_us.size() / 2], times_us.front());
}

int Run(const char* path, int rounds) {
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  std::vector<double> tree, bound, whole;
  for (int i = 0; i < rounds; ++i) {
    const double start = Now();
    const absl::StatusOr<Parsed> parsed = Parse(text, path);
    const double read = Now();
    if (!parsed.ok() || !Validate(*parsed).ok() || !CheckSupported(*parsed, kNotYet).ok()) {
      std::fprintf(stderr, "%s is not a configuration that hull accepts\n", path);
      return 1;
    }
    const double checked = Now();
    const bool ok = ParseDocument(text, path).ok();
    const double nodes = Now();
    if (!ok) return 1;
    bound.push_back(read - start);
    whole.push_back(checked - start);
    tree.push_back(nodes - checked);
  }
  std::printf("%s: %zu bytes\n", path, text.size());
  Print("JSON to node tree", tree);
  Print("JSON to Spec", bound);
  Print("JSON to validated Spec", whole);
  return 0;
}

}  // namespace
}  // namespace hull::spec

int main(int argc, char** argv) {
  const char* path = argc > 1 ? argv[1] : "spec/testdata/podman.json";
  return hull::spec::Run(path, argc > 2 ? std::max(1, std::atoi(argv[2])) : 2000);
}
