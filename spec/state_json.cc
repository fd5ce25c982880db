#include "spec/state_json.h"

#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "spec/json_writer.h"

namespace hull::spec {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

void WriteAnnotations(const std::map<std::string, std::string>& annotations, JsonWriter* json) {
  if (annotations.empty()) return;
  json->Key("annotations").BeginObject();
  for (const auto& [key, value] : annotations) json->Key(key).String(value);
  json->End();
}

void WriteState(const ContainerState& state, JsonWriter* json) {
  json->BeginObject();
  json->Key("ociVersion").String(state.oci_version);
  json->Key("id").String(state.id);
  json->Key("pid").Integer(state.pid);
  json->Key("status").String(state.status);
  json->Key("bundle").String(state.bundle);
  json->Key("rootfs").String(state.rootfs);
  json->Key("created").String(FormatTime(state.created_ns));
  WriteAnnotations(state.annotations, json);
  json->Key("owner").String(state.owner);
  json->End();
}

void WriteHookState(const ContainerState& state, JsonWriter* json) {
  json->BeginObject();
  json->Key("ociVersion").String(state.oci_version);
  json->Key("id").String(state.id);
  json->Key("status").String(state.status);
  if (state.pid != 0) json->Key("pid").Integer(state.pid);
  json->Key("bundle").String(state.bundle);
  WriteAnnotations(state.annotations, json);
  json->End();
}

}  // namespace

std::string FormatTime(int64_t since_1970_ns) {
  int64_t seconds = since_1970_ns / kNanosecondsPerSecond;
  int64_t nanoseconds = since_1970_ns % kNanosecondsPerSecond;
  if (nanoseconds < 0) {
    nanoseconds += kNanosecondsPerSecond;
    --seconds;
  }
  const time_t time = seconds;
  tm parts;
  gmtime_r(&time, &parts);
  std::string fraction = absl::StrFormat(".%09d", nanoseconds);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  if (fraction == ".") fraction.clear();
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d%sZ", parts.tm_year + 1900, parts.tm_mon + 1,
                         parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, fraction);
}

std::string StateJson(const ContainerState& state) {
  JsonWriter json(JsonWriter::kIndented);
  WriteState(state, &json);
  return std::move(json).Take();
}

std::string StateListJson(absl::Span<const ContainerState> states) {
  JsonWriter json(JsonWriter::kOneLine);
  json.BeginArray();
  for (const ContainerState& state : states) WriteState(state, &json);
  json.End();
  return std::move(json).Take();
}

std::string HookStateJson(const ContainerState& state) {
  JsonWriter json(JsonWriter::kOneLine);
  WriteHookState(state, &json);
  return std::move(json).Take();
}

std::string SeccompAgentStateJson(const ContainerState& state, int64_t pid,
                                  absl::string_view metadata) {
  JsonWriter json(JsonWriter::kOneLine);
  json.BeginObject();
  json.Key("ociVersion").String(state.oci_version);
  json.Key("fds").BeginArray().String("seccompFd").End();
  json.Key("pid").Integer(pid);
  if (!metadata.empty()) json.Key("metadata").String(metadata);
  json.Key("state");
  WriteHookState(state, &json);
  json.End();
  return std::move(json).Take();
}

}  // namespace hull::spec
