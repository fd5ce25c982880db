#include "spec/to_json.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "spec/fields.h"
#include "spec/json_writer.h"
#include "spec/spec.h"

namespace hull::spec {
namespace {

// Appends values to a JsonWriter as the tables of fields.h say.
class Writer {
 public:
  explicit Writer(JsonWriter* json) : json_(*json) {}

  void Write(bool value) { json_.Bool(value); }
  void Write(const std::string& value) { json_.String(value); }

  template <typename T>
  requires std::is_integral_v<T>
  void Write(const T& value) { json_.Integer(value); }

  template <typename T>
  void Write(const std::optional<T>& value) {
    Write(*value);
  }

  template <typename T>
  void Write(const std::vector<T>& values) {
    json_.BeginArray();
    for (const T& value : values) Write(value);
    json_.End();
  }

  template <typename T>
  void Write(const std::map<std::string, T>& values) {
    json_.BeginObject();
    for (const auto& [key, value] : values) {
      json_.Key(key);
      Write(value);
    }
    json_.End();
  }

  template <typename T>
  requires std::is_class_v<T>
  void Write(const T& object) {
    json_.BeginObject();
    WriteMembers(object, std::make_index_sequence<std::tuple_size_v<decltype(Fields<T>::kAll)>>());
    json_.End();
  }

 private:
  template <typename T, size_t... kIndexes>
  void WriteMembers(const T& object, std::index_sequence<kIndexes...>) {
    (WriteMember(object, std::get<kIndexes>(Fields<T>::kAll)), ...);
  }

  template <typename T, typename Value>
  void WriteMember(const T& object, const Field<T, Value>& field) {
    const Value& value = object.*field.member;
    if (!field.always && value == Value()) return;
    json_.Key(field.key);
    Write(value);
  }

  JsonWriter& json_;
};

template <typename T>
std::string Text(const T& object, JsonWriter::Layout layout) {
  JsonWriter json(layout);
  Writer(&json).Write(object);
  return std::move(json).Take();
}

}  // namespace

std::string ToJson(const Spec& spec, JsonWriter::Layout layout) { return Text(spec, layout); }

std::string ToJson(const Process& process, JsonWriter::Layout layout) {
  return Text(process, layout);
}

std::string ToJson(const Resources& resources, JsonWriter::Layout layout) {
  return Text(resources, layout);
}

}  // namespace hull::spec
