// Any bytes: no crash, errors that are short and printable, and two properties: what is accepted
// comes back equal from its own JSON, and RapidJSON's own reader accepts what we accept.
//
//   bazel test --config=fuzz //spec:parse_fuzz
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rapidjson/reader.h"
#include "spec/not_yet.h"
#include "spec/parse.h"
#include "spec/supported.h"
#include "spec/to_json.h"
#include "spec/utf8.h"
#include "spec/validate.h"

namespace hull::spec {
namespace {

// A message fits a log line's budget and is text.
void CheckMessage(const absl::Status& status) {
  const absl::string_view message = status.message();
  if (message.size() > 64 << 10 || FindInvalidUtf8(message) != absl::string_view::npos) {
    std::abort();
  }
}

bool PlainReaderAccepts(const std::string& text) {
  rapidjson::StringStream stream(text.c_str());
  rapidjson::BaseReaderHandler<> nothing;
  return !rapidjson::Reader()
              .Parse<rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag>(
                  stream, nothing)
              .IsError();
}

void FuzzOne(const std::string& text) {
  const absl::StatusOr<Parsed> parsed = Parse(text, "f");
  CheckMessage(parsed.status());
  if (!parsed.ok()) return;
  if (!PlainReaderAccepts(text)) std::abort();
  std::vector<Diagnostic> warnings = parsed->warnings;
  CheckMessage(Validate(*parsed, &warnings));
  CheckMessage(CheckSupported(*parsed, kNotYet));
  for (const Diagnostic& warning : warnings) CheckMessage(absl::UnknownError(Render(warning)));
  const absl::StatusOr<Parsed> again = Parse(ToJson(parsed->spec, JsonWriter::kOneLine), "g");
  if (!again.ok() || !(again->spec == parsed->spec)) std::abort();
}

}  // namespace
}  // namespace hull::spec

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  hull::spec::FuzzOne(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
