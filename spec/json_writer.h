// Writes JSON: strings escaped, commas and indentation right; nothing else.
//
//   JsonWriter json(JsonWriter::kIndented);
//   json.BeginObject();
//   json.Key("id").String("c1");
//   json.Key("pid").Integer(42);
//   json.End();
//   std::string text = std::move(json).Take();
#ifndef HULL_SPEC_JSON_WRITER_H_
#define HULL_SPEC_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hull::spec {

// Appends `text` as a JSON string. Control characters and DEL are escaped; what is not UTF-8
// becomes U+FFFD, so that the result always is.
void AppendJsonString(std::string* out, absl::string_view text);

class JsonWriter {
 public:
  enum Layout { kOneLine, kIndented };  // indented by two spaces, as the engines' tools print

  explicit JsonWriter(Layout layout) : indented_(layout == kIndented) {}

  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& BeginArray() { return Open('['); }
  // Closes what was opened last.
  JsonWriter& End();

  JsonWriter& Key(absl::string_view key);
  JsonWriter& String(absl::string_view value);
  JsonWriter& Bool(bool value) { return Raw(value ? "true" : "false"); }
  JsonWriter& Null() { return Raw("null"); }
  template <typename T>
  JsonWriter& Integer(T value) {
    return Raw(absl::AlphaNum(value).Piece());
  }

  // Whether something is open.
  bool open() const { return !open_.empty(); }
  std::string Take() && { return std::move(out_); }

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Raw(absl::string_view text);
  void BeforeValue();  // the comma, line break and indentation that its place asks for
  void NewLine();

  struct Level {
    char closing;
    bool empty = true;
  };

  const bool indented_;
  bool after_key_ = false;
  std::vector<Level> open_;
  std::string out_;
};

}  // namespace hull::spec

#endif  // HULL_SPEC_JSON_WRITER_H_
