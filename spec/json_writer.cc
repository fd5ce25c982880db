#include "spec/json_writer.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "spec/utf8.h"

namespace hull::spec {
namespace {

// The letter of a two-character escape, or 0.
char ShortEscape(char c) {
  switch (c) {
    case '"':
    case '\\': return c;
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return 0;
  }
}

bool IsPlain(char c) { return c >= ' ' && c < 0x7F && c != '"' && c != '\\'; }

}  // namespace

void AppendJsonString(std::string* out, absl::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    const size_t bytes = Utf8CharacterBytes(text.substr(at));
    if (IsPlain(c)) {
      out->push_back(c);
    } else if (bytes == 0) {
      out->append("\\ufffd");
    } else if (bytes > 1) {
      out->append(text.substr(at, bytes));
    } else if (const char letter = ShortEscape(c); letter != 0) {
      out->push_back('\\');
      out->push_back(letter);
    } else {
      out->append("\\u00");
      out->push_back(kHex[c >> 4]);
      out->push_back(kHex[c & 0xF]);
    }
    at += bytes == 0 ? 1 : bytes;
  }
  out->push_back('"');
}

JsonWriter& JsonWriter::Open(char bracket) {
  BeforeValue();
  out_.push_back(bracket);
  open_.push_back({.closing = bracket == '{' ? '}' : ']'});
  return *this;
}

JsonWriter& JsonWriter::End() {
  const Level level = open_.back();
  open_.pop_back();
  if (!level.empty) NewLine();
  out_.push_back(level.closing);
  return *this;
}

JsonWriter& JsonWriter::Key(absl::string_view key) {
  BeforeValue();
  AppendJsonString(&out_, key);
  out_.append(indented_ ? ": " : ":");
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(absl::string_view value) {
  BeforeValue();
  AppendJsonString(&out_, value);
  return *this;
}

JsonWriter& JsonWriter::Raw(absl::string_view text) {
  BeforeValue();
  out_.append(text);
  return *this;
}

void JsonWriter::BeforeValue() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (open_.empty()) return;
  if (!open_.back().empty) out_.push_back(',');
  open_.back().empty = false;
  NewLine();
}

void JsonWriter::NewLine() {
  if (!indented_) return;
  out_.push_back('\n');
  out_.append(2 * open_.size(), ' ');
}

}  // namespace hull::spec
