// Spec → config.json: the inverse of parse.h. Parse(ToJson(spec)) gives an equal Spec.
#ifndef HULL_SPEC_TO_JSON_H_
#define HULL_SPEC_TO_JSON_H_

#include <string>

#include "spec/json_writer.h"
#include "spec/spec.h"

namespace hull::spec {

// Keys in the specification's order. A member that has its default value is left out, unless the
// specification requires it.
std::string ToJson(const Spec& spec, JsonWriter::Layout layout = JsonWriter::kIndented);
std::string ToJson(const Process& process, JsonWriter::Layout layout = JsonWriter::kIndented);
std::string ToJson(const Resources& resources, JsonWriter::Layout layout = JsonWriter::kIndented);

}  // namespace hull::spec

#endif  // HULL_SPEC_TO_JSON_H_
