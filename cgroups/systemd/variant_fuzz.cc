// Fuzzes what reads annotations: whoever writes a container's config writes them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cgroups/systemd/annotations.h"
#include "cgroups/systemd/message.h"
#include "cgroups/systemd/message_bus.h"
#include "cgroups/systemd/properties.h"
#include "cgroups/systemd/unit.h"
#include "cgroups/systemd/variant.h"

namespace hull::cgroups::systemd {
namespace {

void Check(bool holds) {
  if (!holds) abort();
}

// A value is one that the bus can carry: the signature is known, and the items fit it.
void CheckValue(const Value& value) {
  const Shape shape = ShapeOf(value.signature.c_str());
  Check(shape.count == 1);
  Check(shape.array || value.items.size() == 1);
  for (const Value::Item& item : value.items) {
    const auto* const text = std::get_if<std::string>(&item);
    Check((text != nullptr) == IsTextType(shape.types[0]));
    Check(text == nullptr || text->find('\0') == std::string::npos);
  }
}

void Fuzz(const std::string& text) {
  const absl::StatusOr<Value> value = ParseVariant(text);
  if (value.ok()) {
    CheckValue(*value);
    MicrosecondsFromSeconds(*value).IgnoreError();
    for (const char* type : {"b", "i", "t", "u", "s", "as"}) {
      const absl::StatusOr<Value> coerced = Coerce(*value, type);
      if (coerced.ok()) CheckValue(*coerced);
    }
  }
  const size_t end = text.find('=');
  if (end != std::string::npos) {
    PropertiesFromAnnotations(
        {{"org.systemd.property." + text.substr(0, end), text.substr(end + 1)}})
        .IgnoreError();
  }
  for (const bool user : {false, true}) {
    const absl::StatusOr<Unit> unit = ParseUnit(text, "id", user);
    if (!unit.ok()) continue;
    Check(unit->name.find('/') == std::string::npos && unit->name.size() <= 255);
    Check(("/" + unit->path + "/").find("/../") == std::string::npos);
  }
  CpuMask(text).IgnoreError();
  DecodeReply(text).IgnoreError();
}

}  // namespace
}  // namespace hull::cgroups::systemd

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  hull::cgroups::systemd::Fuzz(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
