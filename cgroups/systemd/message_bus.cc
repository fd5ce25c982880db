#include "cgroups/systemd/message_bus.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups::systemd {
namespace {

void WriteProperty(const Property& property, Writer& out) {
  out.String(property.name.c_str(), property.name.size());
  out.String(property.value.signature.c_str(), property.value.signature.size());
  out.U32(static_cast<uint32_t>(property.value.items.size()));
  for (const Value::Item& item : property.value.items) {
    if (const auto* number = std::get_if<uint64_t>(&item)) {
      out.U64(*number);
    } else {
      const std::string& text = std::get<std::string>(item);
      out.String(text.c_str(), text.size());
    }
  }
}

std::string ReadText(Reader& in) {
  size_t size = 0;
  const char* const text = in.String(&size);
  return std::string(text, size);
}

Property ReadProperty(Reader& in) {
  Property property;
  property.name = ReadText(in);
  property.value.signature = ReadText(in);
  const Shape shape = ShapeOf(property.value.signature.c_str());
  const uint32_t items = in.U32();
  for (uint32_t i = 0; i < items && in.ok() && shape.count != 0; ++i) {
    if (IsTextType(shape.types[i % shape.count])) {
      property.value.items.emplace_back(ReadText(in));
    } else {
      property.value.items.emplace_back(in.U64());
    }
  }
  return property;
}

absl::Status StatusFor(Answer answer, const std::string& text) {
  switch (answer) {
    case Answer::kOk: return absl::OkStatus();
    case Answer::kUnreachable:
      return absl::UnavailableError(absl::StrCat("no connection to systemd: ", text));
    case Answer::kTimeout:
      return absl::DeadlineExceededError(
          absl::StrCat("systemd does not answer in time (`systemctl list-jobs` shows what it is "
                       "busy with): ",
                       text));
    case Answer::kUnitExists: return absl::AlreadyExistsError(text);
    case Answer::kNoSuchUnit: return absl::NotFoundError(text);
    case Answer::kDenied: return absl::PermissionDeniedError(text);
    case Answer::kBadProperty: return absl::InvalidArgumentError(text);
    case Answer::kJobFailed:
      return absl::AbortedError(absl::StrCat("its job ended as '", text, "'"));
    case Answer::kBadRequest: return absl::InternalError("a malformed request");
    case Answer::kOther: break;
  }
  return absl::UnknownError(text);
}

}  // namespace

absl::StatusOr<std::string> EncodeRequest(Operation operation, absl::Duration deadline,
                                          const std::string& unit,
                                          const std::vector<Property>& properties) {
  std::string request(kMaxMessageBytes, '\0');
  Writer out(request.data(), request.size());
  out.U32(static_cast<uint32_t>(operation));
  out.U32(static_cast<uint32_t>(absl::ToInt64Milliseconds(deadline)));
  out.String(unit.c_str(), unit.size());
  out.U32(static_cast<uint32_t>(properties.size()));
  for (const Property& property : properties) WriteProperty(property, out);
  if (!out.ok()) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the properties of unit '", unit, "' are more than ", kMaxMessageBytes, " bytes"));
  }
  request.resize(out.size());
  return request;
}

absl::StatusOr<std::vector<Property>> DecodeReply(absl::string_view reply) {
  Reader in(reply.data(), reply.size());
  const auto answer = static_cast<Answer>(in.U32());
  const std::string text = ReadText(in);
  const uint32_t count = in.U32();
  std::vector<Property> properties;
  for (uint32_t i = 0; i < count && in.ok(); ++i) properties.push_back(ReadProperty(in));
  if (!in.done()) return absl::InternalError("a malformed reply of systemd's helper");
  RETURN_IF_ERROR(StatusFor(answer, text));
  return properties;
}

int ParseVersion(absl::string_view version) {
  const auto digit = [](unsigned char c) { return absl::ascii_isdigit(c); };
  absl::ConsumePrefix(&version, "v");
  const auto* const end = std::find_if_not(version.begin(), version.end(), digit);
  int number = 0;
  const bool parsed =
      absl::SimpleAtoi(version.substr(0, static_cast<size_t>(end - version.begin())), &number);
  return parsed ? number : 0;
}

absl::StatusOr<std::vector<Property>> MessageBus::Ask(Operation operation, const std::string& unit,
                                                      const std::vector<Property>& properties) {
  ASSIGN_OR_RETURN(const std::string request,
                   EncodeRequest(operation, deadline_, unit, properties));
  ASSIGN_OR_RETURN(const std::string reply, Exchange(request));
  return DecodeReply(reply);
}

absl::StatusOr<ManagerFacts> MessageBus::Hello() {
  ASSIGN_OR_RETURN(const std::vector<Property> properties, Ask(Operation::kHello, "", {}));
  ManagerFacts facts;
  for (const Property& property : properties) {
    if (property.value.items.size() != 1) continue;
    const auto* const text = std::get_if<std::string>(&property.value.items[0]);
    if (text == nullptr) continue;
    if (property.name == "Version") facts.version = ParseVersion(*text);
    if (property.name == "ControlGroup") {
      facts.control_group = std::string(absl::StripSuffix(*text, "/"));
    }
  }
  return facts;
}

absl::Status MessageBus::StartUnit(const std::string& unit,
                                   const std::vector<Property>& properties) {
  return Ask(Operation::kStart, unit, properties).status();
}

absl::Status MessageBus::SetProperties(const std::string& unit,
                                       const std::vector<Property>& properties) {
  return Ask(Operation::kSet, unit, properties).status();
}

absl::StatusOr<std::vector<Property>> MessageBus::GetProperties(
    const std::string& unit, const std::vector<Property>& wanted) {
  std::vector<Property> names = wanted;
  for (Property& name : names) name.value.items.clear();
  return Ask(Operation::kGet, unit, names);
}

absl::Status MessageBus::StopUnit(const std::string& unit) {
  return Ask(Operation::kStop, unit, {}).status();
}

absl::Status MessageBus::ResetFailedUnit(const std::string& unit) {
  return Ask(Operation::kResetFailed, unit, {}).status();
}

absl::Status MessageBus::AttachProcess(const std::string& unit, pid_t pid) {
  return Ask(Operation::kAttach, unit, {{"PIDs", Pids(pid)}}).status();
}

}  // namespace hull::cgroups::systemd
