// Any spec::Seccomp: the compiler answers with a program that the kernel takes or with a clear
// error that names where.
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

// The input, taken from the front; zeros when it is used up.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  bool empty() const { return size_ == 0; }
  uint8_t Byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  bool Flag() { return (Byte() & 1) != 0; }
  size_t Upto(size_t largest) { return Byte() % (largest + 1); }
  uint64_t Number(int bytes) {
    uint64_t number = 0;
    for (int i = 0; i < bytes; ++i) number = number << 8 | Byte();
    return number;
  }
  std::string Text() {
    std::string text(Upto(40), ' ');
    for (char& c : text) c = static_cast<char>(Byte());
    return text;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

std::string PickWord(Bytes& data, absl::Span<const Word> table, absl::string_view prefix = "") {
  const size_t index = data.Upto(table.size());
  if (index == table.size()) return data.Text();
  return absl::StrCat(prefix, table[index].name);
}

spec::SeccompRule PickRule(Bytes& data) {
  spec::SeccompRule rule;
  rule.action = PickWord(data, kActions);
  if (data.Flag()) rule.errno_ret = static_cast<uint32_t>(data.Number(4));
  while (data.Flag() && rule.names.size() < 20) {
    rule.names.emplace_back(kNames[data.Upto(std::size(kNames) - 1)]);
  }
  while (data.Flag() && rule.args.size() < 8) {
    rule.args.push_back({.index = static_cast<uint32_t>(data.Upto(6)),
                         .value = data.Number(8),
                         .value_two = data.Number(8),
                         .op = PickWord(data, kOperators)});
  }
  return rule;
}

spec::Seccomp PickSpec(Bytes& data) {
  spec::Seccomp seccomp;
  seccomp.default_action = PickWord(data, kActions);
  if (data.Flag()) seccomp.default_errno_ret = static_cast<uint32_t>(data.Number(4));
  if (data.Flag()) seccomp.listener_path = "/run/agent";
  if (data.Flag()) seccomp.flags = {PickWord(data, kFlags)};
  while (data.Flag() && seccomp.architectures.size() < 6) {
    seccomp.architectures.push_back(PickWord(data, kArchitectures, kArchitecturePrefix));
  }
  while (!data.empty() && seccomp.syscalls.size() < 40) {
    seccomp.syscalls.push_back(PickRule(data));
  }
  return seccomp;
}

void CheckAnswer(const absl::StatusOr<Compiled>& compiled) {
  if (compiled.ok()) {
    if (!testing::bpf::Check(compiled->filter.instructions).ok()) std::abort();
    return;
  }
  if (compiled.status().code() == absl::StatusCode::kInternal) std::abort();
  if (!absl::StartsWith(compiled.status().message(), "/linux/seccomp/")) std::abort();
  if (compiled.status().message().size() > 2000) std::abort();
}

}  // namespace

void CompileAny(const uint8_t* bytes, size_t size) {
  Bytes data(bytes, size);
  const spec::Seccomp seccomp = PickSpec(data);
  CheckAnswer(kDirectBackend.compile(seccomp));
  CheckAnswer(kLibseccompBackend.compile(seccomp));
}

}  // namespace hull::seccomp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  hull::seccomp::CompileAny(bytes, size);
  return 0;
}
