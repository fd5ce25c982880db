#include "tools/commands/limits.h"

#include <fcntl.h>
#include <unistd.h>

#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "spec/parse.h"
#include "spec/validate.h"
#include "tools/cli/log.h"

namespace hull::tools {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

absl::Status BadValue(std::string_view flag, std::string_view text, std::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("flag --", flag, ": '", text, "' is not ", expected));
}

// Reads flag by flag into one Resources; the first mistake ends it.
class FlagReader {
 public:
  explicit FlagReader(const Arguments& arguments) : arguments_(arguments) {}

  template <typename T>
  void Number(std::string_view flag, std::optional<T>* into) {
    if (!Wanted(flag)) return;
    int64_t number = 0;
    const std::string_view text = arguments_.Last(flag);
    const bool fits =
        absl::SimpleAtoi(text, &number) && (std::numeric_limits<T>::is_signed || number >= 0) &&
        (sizeof(T) == 8 || static_cast<uint64_t>(number) <= std::numeric_limits<T>::max());
    if (!fits) status_ = BadValue(flag, text, "a number that this limit can have");
    *into = static_cast<T>(number);
  }
  void Size(std::string_view flag, std::optional<int64_t>* into) {
    if (!Wanted(flag)) return;
    const absl::StatusOr<int64_t> size = ParseSize(flag, arguments_.Last(flag));
    if (!size.ok()) status_ = size.status();
    if (size.ok()) *into = *size;
  }
  void Text(std::string_view flag, std::string* into) {
    if (Wanted(flag)) *into = std::string(arguments_.Last(flag));
  }
  const absl::Status& status() const { return status_; }

 private:
  // "" is what callers give who have no value for a flag.
  bool Wanted(std::string_view flag) const {
    return status_.ok() && !arguments_.Last(flag).empty();
  }

  const Arguments& arguments_;
  absl::Status status_;
};

absl::StatusOr<spec::Resources> ReadFlags(const Arguments& arguments) {
  FlagReader reader(arguments);
  spec::BlockIo io;
  reader.Number("blkio-weight", &io.weight);
  spec::Cpu cpu;
  reader.Number("cpu-period", &cpu.period_us);
  reader.Number("cpu-quota", &cpu.quota_us);
  reader.Number("cpu-burst", &cpu.burst_us);
  reader.Number("cpu-share", &cpu.shares);
  reader.Number("cpu-idle", &cpu.idle);
  reader.Number("cpu-rt-period", &cpu.realtime_period_us);
  reader.Number("cpu-rt-runtime", &cpu.realtime_runtime_us);
  reader.Text("cpuset-cpus", &cpu.cpus);
  reader.Text("cpuset-mems", &cpu.mems);
  spec::Memory memory;
  reader.Size("memory", &memory.limit);
  reader.Size("memory-reservation", &memory.reservation);
  reader.Size("memory-swap", &memory.swap);
  spec::Pids pids;
  reader.Number("pids-limit", &pids.limit);
  RETURN_IF_ERROR(reader.status());
  spec::Resources resources;
  if (io != spec::BlockIo()) resources.block_io = std::move(io);
  if (cpu != spec::Cpu()) resources.cpu = std::move(cpu);
  if (memory != spec::Memory()) resources.memory = memory;
  if (pids != spec::Pids()) resources.pids = pids;
  return resources;
}

absl::StatusOr<spec::ParsedResources> ReadFile(std::string_view file) {
  const std::string name = file == "-" ? "standard input" : std::string(file);
  absl::StatusOr<std::string> text = file == "-" ? sys::ReadAll(STDIN_FILENO, kMaxBytes)
                                                 : sys::ReadFileAt(AT_FDCWD, file, kMaxBytes);
  RETURN_IF_ERROR(text.status(), "reading '", name, "'");
  return spec::ParseResources(*std::move(text), name);
}

absl::StatusOr<spec::ParsedResources> ReadEither(const Invocation& invocation) {
  const Arguments& arguments = invocation.arguments;
  const std::string_view file = arguments.Last("resources");
  for (const Flag& flag : kLimitFlags) {
    const bool ignored = flag.kind == FlagKind::kIgnored || !file.empty();
    if (!ignored || flag.name == "resources" || absl::EndsWith(flag.name, "-schema") ||
        arguments.Last(flag.name).empty())
      continue;
    invocation.log.Warning(absl::StrCat("flag --", flag.name, " is ignored",
                                        flag.kind == FlagKind::kIgnored
                                            ? ": kernels count this memory with all other"
                                            : ": --resources is given"));
  }
  if (!file.empty()) return ReadFile(file);
  spec::ParsedResources parsed;
  ASSIGN_OR_RETURN(parsed.resources, ReadFlags(arguments));
  return parsed;
}

}  // namespace

absl::StatusOr<int64_t> ParseSize(std::string_view flag, std::string_view text) {
  constexpr std::string_view kUnits = "kmgtp";
  constexpr std::string_view kExpected = "a size such as 1048576, 64m or 1.5g, or -1";
  if (text == "-1") return -1;
  std::string lower = absl::AsciiStrToLower(text);
  std::string_view number = lower;
  const bool binary = absl::ConsumeSuffix(&number, "ib") || absl::ConsumeSuffix(&number, "b");
  int64_t scale = 1;
  const size_t unit = number.empty() ? kUnits.npos : kUnits.find(number.back());
  if (unit != kUnits.npos) {
    number.remove_suffix(1);
    scale <<= 10 * (unit + 1);
  }
  number = absl::StripTrailingAsciiWhitespace(number);
  const bool plain = !number.empty() && number.find_first_not_of("0123456789.") == number.npos;
  int64_t whole = 0;
  if (plain && absl::SimpleAtoi(number, &whole)) {
    if (whole > std::numeric_limits<int64_t>::max() / scale) return BadValue(flag, text, kExpected);
    return whole * scale;
  }
  double fraction = 0;
  if (!plain || (unit == kUnits.npos && binary) || !absl::SimpleAtod(number, &fraction) ||
      fraction * static_cast<double>(scale) >= 9.2e18) {
    return BadValue(flag, text, kExpected);
  }
  return static_cast<int64_t>(fraction * static_cast<double>(scale));
}

absl::StatusOr<runtime::Change> ReadLimits(const Invocation& invocation) {
  ASSIGN_OR_RETURN(spec::ParsedResources parsed, ReadEither(invocation));
  RETURN_IF_ERROR(spec::Validate(parsed, &parsed.warnings));
  for (const spec::Diagnostic& warning : parsed.warnings) {
    if (invocation.globals.strict) return absl::InvalidArgumentError(spec::Render(warning));
    invocation.log.Warning(spec::Render(warning));
  }
  runtime::Change change;
  change.resources = std::move(parsed.resources);
  for (const auto& [flag, begin, schema] :
       {std::tuple("l3-cache-schema", "L3", &change.l3_cache_schema),
        std::tuple("mem-bw-schema", "MB:", &change.mem_bw_schema)}) {
    *schema = std::string(invocation.arguments.Last(flag));
    if (schema->empty() || absl::StartsWith(*schema, begin)) continue;
    return BadValue(flag, *schema, absl::StrCat("a schema that begins with '", begin, "'"));
  }
  return change;
}

}  // namespace hull::tools
