// Any spec::Seccomp: the compiler answers with a program that the kernel takes or with a clear
// error that names where.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "seccomp/compiler.h"
#include "seccomp/words.h"
#include "testing/bpf/interpreter.h"

namespace hull::seccomp {
namespace {

constexpr const char* kNames[] = {"read",       "openat", "socket", "socketcall", "ipc",  "mmap",
                                  "arch_prctl", "open",   "clone3", "semop",      "nope", ""};

std::string PickWord(FuzzedDataProvider& data, absl::Span<const Word> table,
                     absl::string_view prefix = "") {
  const size_t index = data.ConsumeIntegralInRange<size_t>(0, table.size());
  if (index == table.size()) return data.ConsumeRandomLengthString(40);
  return absl::StrCat(prefix, table[index].name);
}

spec::SeccompRule PickRule(FuzzedDataProvider& data) {
  spec::SeccompRule rule;
  rule.action = PickWord(data, kActions);
  if (data.ConsumeBool()) rule.errno_ret = data.ConsumeIntegral<uint32_t>();
  while (data.ConsumeBool() && rule.names.size() < 20) {
    rule.names.emplace_back(kNames[data.ConsumeIntegralInRange<size_t>(0, std::size(kNames) - 1)]);
  }
  while (data.ConsumeBool() && rule.args.size() < 8) {
    rule.args.push_back({.index = data.ConsumeIntegralInRange<uint32_t>(0, 6),
                         .value = data.ConsumeIntegral<uint64_t>(),
                         .value_two = data.ConsumeIntegral<uint64_t>(),
                         .op = PickWord(data, kOperators)});
  }
  return rule;
}

spec::Seccomp PickSpec(FuzzedDataProvider& data) {
  spec::Seccomp seccomp;
  seccomp.default_action = PickWord(data, kActions);
  if (data.ConsumeBool()) seccomp.default_errno_ret = data.ConsumeIntegral<uint32_t>();
  if (data.ConsumeBool()) seccomp.listener_path = "/run/agent";
  if (data.ConsumeBool()) seccomp.flags = {PickWord(data, kFlags)};
  while (data.ConsumeBool() && seccomp.architectures.size() < 6) {
    seccomp.architectures.push_back(PickWord(data, kArchitectures, kArchitecturePrefix));
  }
  while (data.remaining_bytes() > 0 && seccomp.syscalls.size() < 40) {
    seccomp.syscalls.push_back(PickRule(data));
  }
  return seccomp;
}

void CompileAny(FuzzedDataProvider& data) {
  const absl::StatusOr<Compiled> compiled = kLibseccompBackend.compile(PickSpec(data));
  if (compiled.ok()) {
    if (!testing::bpf::Check(compiled->filter.instructions).ok()) std::abort();
    return;
  }
  if (compiled.status().code() == absl::StatusCode::kInternal) std::abort();
  if (!absl::StartsWith(compiled.status().message(), "/linux/seccomp/")) std::abort();
  if (compiled.status().message().size() > 2000) std::abort();
}

}  // namespace
}  // namespace hull::seccomp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  hull::seccomp::CompileAny(data);
  return 0;
}
