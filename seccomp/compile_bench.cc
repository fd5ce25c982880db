// Times the compiler and the cache on an engine's profile: bazel run -c opt //seccomp:compile_bench

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "seccomp/cache.h"
#include "seccomp/compiler.h"
#include "seccomp/engine_profile.h"

namespace {

// The median of `rounds` runs.
double MedianUs(int rounds, const std::function<void()>& body) {
  std::vector<double> times_us;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    body();
    times_us.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::sort(times_us.begin(), times_us.end());
  return times_us[times_us.size() / 2];
}

}  // namespace

int main() {
  using hull::seccomp::Backend;
  using hull::seccomp::CacheKey;
  using hull::seccomp::CompileCached;
  using hull::seccomp::kDirectBackend;
  using hull::seccomp::kLibseccompBackend;
  const hull::spec::Seccomp profile = hull::seccomp::EngineProfile();
  char dir[] = "/tmp/hull-compile-bench-XXXXXX";
  if (mkdtemp(dir) == nullptr) return 1;
  for (const Backend* backend : {&kDirectBackend, &kLibseccompBackend}) {
    const auto compiled = backend->compile(profile);
    if (!compiled.ok()) return 1;
    const auto cached = [&] { CompileCached(dir, *backend, profile).status().IgnoreError(); };
    std::printf("%s\n", std::string(backend->name).c_str());
    std::printf("  instructions  %8zu\n", compiled->filter.instructions.size());
    std::printf("  compile       %8.1f us\n",
                MedianUs(21, [&] { backend->compile(profile).status().IgnoreError(); }));
    std::printf("  key           %8.1f us\n", MedianUs(1001, [&] { CacheKey(*backend, profile); }));
    std::printf("  cold cache    %8.1f us\n", MedianUs(1, cached));
    std::printf("  warm cache    %8.1f us\n", MedianUs(1001, cached));
  }
  return std::system(("rm -r " + std::string(dir)).c_str());
}
