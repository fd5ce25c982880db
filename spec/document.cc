#include "spec/document.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "rapidjson/reader.h"
#include "spec/diagnostic.h"
#include "spec/utf8.h"

namespace hull::spec {
namespace {

using Kind = Node::Kind;

bool IsContainer(const Node& node) {
  return node.kind == Kind::kArray || node.kind == Kind::kObject;
}

size_t CountNewLines(absl::string_view text, size_t from, size_t to, size_t* line_start) {
  text = text.substr(0, to);  // or a search would run on to the next line break, however far
  size_t count = 0;
  for (size_t at = text.find('\n', from); at != text.npos; at = text.find('\n', at + 1)) {
    ++count;
    *line_start = at + 1;
  }
  return count;
}

struct Position {
  int line;
  int column;
};

// Decoding in place may have put line breaks into strings, so those are stepped over. Only text
// before `strings_end` lies in nodes' strings or between them.
Position Locate(absl::string_view text, const std::vector<Node>& nodes, size_t offset) {
  size_t line = 1;
  size_t line_start = 0;
  size_t at = 0;
  for (const Node& node : nodes) {
    if (node.offset >= offset) break;
    if (node.kind != Kind::kString) continue;
    line += CountNewLines(text, at, node.offset, &line_start);
    at = node.offset + node.size;
  }
  line += CountNewLines(text, at, offset, &line_start);
  return {static_cast<int>(line), static_cast<int>(offset - line_start + 1)};
}

// Where a value begins in the text, its opening quote included.
size_t ValueStart(const Node& node) { return node.offset - (node.kind == Kind::kString ? 1 : 0); }

// RFC 6901 for the value `target`; a container whose `end` is 0 is still open.
std::string PointerTo(absl::string_view text, const std::vector<Node>& nodes, uint32_t target) {
  std::string pointer;
  uint32_t index = 0;
  while (index != target) {
    const bool object = nodes[index].kind == Kind::kObject;
    uint32_t child = index + 1;
    uint32_t ordinal = 0;
    uint32_t key = 0;
    while (true) {
      if (object) key = child++;
      const bool last = child >= nodes.size() || nodes[child].end == 0 || nodes[child].end > target;
      if (last || key == target) break;
      child = nodes[child].end;
      ++ordinal;
    }
    if (object) {
      const Node& name = nodes[key];
      absl::StrAppend(
          &pointer, "/",
          absl::StrReplaceAll(text.substr(name.offset, name.size), {{"~", "~0"}, {"/", "~1"}}));
    } else {
      absl::StrAppend(&pointer, "/", ordinal);
    }
    if (key == target) break;
    index = child;
  }
  return pointer;
}

absl::string_view Words(rapidjson::ParseErrorCode code) {
  switch (code) {
    case rapidjson::kParseErrorDocumentEmpty:
    case rapidjson::kParseErrorValueInvalid: return "expected a JSON value";
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "expected nothing after the JSON value";
    case rapidjson::kParseErrorObjectMissName: return "expected a key in double quotes";
    case rapidjson::kParseErrorObjectMissColon: return "expected ':' after the key";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return "expected ',' or '}' after the member";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return "expected ',' or ']' after the element";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return "expected four hexadecimal digits after '\\u'";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return "expected both halves of a surrogate pair";
    case rapidjson::kParseErrorStringEscapeInvalid:
      return "expected a valid escape and no bare control character in the string";
    case rapidjson::kParseErrorStringMissQuotationMark:
      return "expected '\"' at the end of the string";
    default: return "expected an integer";
  }
}

}  // namespace

// RapidJSON works on local copies of its own streams, so that they lag behind inside an event. It
// takes one of another type by reference, and Tell() is where the reader is.
struct TextStream : rapidjson::InsituStringStream {
  using rapidjson::InsituStringStream::GenericInsituStringStream;
};

// Makes the nodes from RapidJSON's events; its methods have the names that RapidJSON calls. Each
// returns whether to go on.
class TreeBuilder {
 public:
  TreeBuilder(Document* document, TextStream* stream) : document_(document), stream_(stream) {}

  bool Null() { return Add(Kind::kNull, stream_->Tell() - 4, 0); }
  bool Bool(bool value) {
    return value ? Add(Kind::kTrue, stream_->Tell() - 4, 0)
                 : Add(Kind::kFalse, stream_->Tell() - 5, 0);
  }
  // Numbers stay text, so these are never called.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char*, rapidjson::SizeType size, bool) {
    return Add(Kind::kNumber, stream_->Tell() - size, size);
  }
  bool String(const char* text, rapidjson::SizeType size, bool);
  bool Key(const char* text, rapidjson::SizeType size, bool copy) {
    return String(text, size, copy);
  }
  bool StartObject() { return Start(Kind::kObject); }
  bool StartArray() { return Start(Kind::kArray); }
  bool EndObject(rapidjson::SizeType members) {
    const uint32_t object = open_.back();
    return End(members) && KeysDiffer(object, members);
  }
  bool EndArray(rapidjson::SizeType elements) { return End(elements); }

  // The error at `offset`: ours if the builder stopped, else RapidJSON's.
  Diagnostic Error(rapidjson::ParseErrorCode code, size_t offset) const;

 private:
  bool Add(Kind kind, size_t offset, size_t size);
  bool Start(Kind kind);
  bool End(uint32_t size);
  bool KeysDiffer(uint32_t object, uint32_t members);
  bool Refuse(uint32_t node, absl::string_view problem, absl::string_view fix = "") {
    refused_ = node;
    problem_ = problem;
    fix_ = fix;
    return false;
  }

  Document* document_;
  TextStream* stream_;
  std::vector<uint32_t> open_;  // the containers that are not closed yet
  size_t token_end_ = 0;        // in the text, behind the last value or key
  uint32_t refused_ = 0;
  absl::string_view problem_;
  absl::string_view fix_;
};

bool TreeBuilder::Add(Kind kind, size_t offset, size_t size) {
  std::vector<Node>& nodes = document_->nodes_;
  const uint32_t index = nodes.size();
  nodes.push_back({.offset = static_cast<uint32_t>(offset),
                   .size = static_cast<uint32_t>(size),
                   .end = index + 1,
                   .kind = kind});
  token_end_ = stream_->Tell();
  if (index < kMaxNodes) return true;
  return Refuse(index, "expected at most 1000000 values and keys in the text");
}

bool TreeBuilder::String(const char* text, rapidjson::SizeType size, bool) {
  const size_t offset = text - document_->text_.data();
  if (!Add(Kind::kString, offset, size)) return false;
  const uint32_t index = document_->nodes_.size() - 1;
  if (size > kMaxStringBytes) return Refuse(index, "expected at most 1048576 bytes in a string");
  // Escapes make a string shorter; without them the check of the whole text covers it. RapidJSON
  // lets the second half of a surrogate pair pass alone.
  if (stream_->Tell() == offset + size + 1) return true;
  const absl::string_view decoded(text, size);
  if (absl::StrContains(decoded, '\0')) return Refuse(index, "expected no NUL in a string");
  if (FindInvalidUtf8(decoded) == absl::string_view::npos) return true;
  return Refuse(index, "expected both halves of a surrogate pair");
}

bool TreeBuilder::Start(Kind kind) {
  const uint32_t index = document_->nodes_.size();
  if (!Add(kind, stream_->Tell() - 1, 0)) return false;
  if (open_.size() >= kMaxDepth) return Refuse(index, "expected at most 128 levels of nesting");
  document_->nodes_[index].end = 0;
  open_.push_back(index);
  return true;
}

bool TreeBuilder::End(uint32_t size) {
  Node& node = document_->nodes_[open_.back()];
  node.size = size;
  node.end = document_->nodes_.size();
  token_end_ = stream_->Tell();
  open_.pop_back();
  return true;
}

bool TreeBuilder::KeysDiffer(uint32_t object, uint32_t members) {
  constexpr size_t kFew = 16;  // so few are compared one by one, faster than any set
  std::array<absl::string_view, kFew> few;
  absl::flat_hash_set<absl::string_view> many;
  uint32_t key = object + 1;
  for (uint32_t i = 0; i < members; ++i) {
    const absl::string_view name = document_->Text(key);
    const auto seen = few.begin() + std::min<size_t>(i, kFew);
    const bool repeated =
        members > kFew ? !many.insert(name).second : std::find(few.begin(), seen, name) != seen;
    if (repeated) return Refuse(key, "expected each key once in an object", "remove one of them");
    if (members <= kFew) *seen = name;
    key = document_->nodes_[key + 1].end;
  }
  return true;
}

Diagnostic TreeBuilder::Error(rapidjson::ParseErrorCode code, size_t offset) const {
  const absl::string_view text = document_->text_;
  const std::vector<Node>& nodes = document_->nodes_;
  Diagnostic error{.file = document_->file_};
  if (!problem_.empty()) {
    const Position position = Locate(text, nodes, ValueStart(nodes[refused_]));
    error.line = position.line;
    error.column = position.column;
    error.pointer = PointerTo(text, nodes, refused_);
    error.problem = problem_;
    error.fix = fix_;
    return error;
  }
  // What follows the last whole token was not decoded, except for the string the error may be in.
  const size_t string = text.find('"', token_end_);
  const size_t lines_end = std::min(string, offset);
  size_t line_start = 0;
  Position position = Locate(text, nodes, std::min(token_end_, offset));
  const size_t more = CountNewLines(text, std::min(token_end_, offset), lines_end, &line_start);
  error.line = position.line + more;
  error.column =
      more == 0 ? position.column + offset - std::min(token_end_, offset) : offset - line_start + 1;
  if (!open_.empty()) error.pointer = PointerTo(text, nodes, open_.back());
  const size_t bytes = Utf8CharacterBytes(text.substr(std::min(offset, text.size())));
  error.problem =
      absl::StrCat(Words(code), ", found ",
                   bytes == 0 ? "the end of the text" : Quote(text.substr(offset, bytes)));
  return error;
}

namespace {

absl::Status ErrorAt(absl::string_view file, absl::string_view text, size_t offset,
                     absl::string_view problem, absl::string_view fix = "") {
  const Position position = Locate(text, {}, offset);
  const Diagnostic error{.file = std::string(file),
                         .line = position.line,
                         .column = position.column,
                         .problem = std::string(problem),
                         .fix = std::string(fix)};
  return ErrorFromDiagnostics(file, {&error, 1}, 1);
}

// What holds for the text as a whole, before anything is decoded in it.
absl::Status CheckText(absl::string_view text, absl::string_view file) {
  if (text.size() > kMaxTextBytes) {
    return ErrorAt(file, text, 0,
                   absl::StrCat("expected at most 64 MiB, found ", text.size(), " bytes"));
  }
  if (absl::StartsWith(text, "\xEF\xBB\xBF")) {
    return ErrorAt(file, text, 0, "expected no byte order mark", "save the file as plain UTF-8");
  }
  if (const size_t nul = text.find('\0'); nul != absl::string_view::npos) {
    return ErrorAt(file, text, nul, "expected no NUL byte");
  }
  if (const size_t bad = FindInvalidUtf8(text); bad != absl::string_view::npos) {
    return ErrorAt(file, text, bad, "expected UTF-8", "save the file as plain UTF-8");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Document> ParseDocument(std::string text, absl::string_view file) {
  if (absl::Status status = CheckText(text, file); !status.ok()) return status;
  Document document;
  document.file_ = file;
  document.text_ = std::move(text);
  document.nodes_.reserve(document.text_.size() / 16);
  TextStream stream(document.text_.data());
  TreeBuilder builder(&document, &stream);
  rapidjson::Reader reader;
  const rapidjson::ParseResult result =
      reader.Parse<rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag>(stream,
                                                                                        builder);
  if (result) return document;
  const Diagnostic error = builder.Error(result.Code(), result.Offset());
  return ErrorFromDiagnostics(file, {&error, 1}, 1);
}

std::optional<uint32_t> Document::Find(absl::string_view pointer) const {
  if (nodes_.empty()) return std::nullopt;
  uint32_t index = 0;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);  // the slash
    const size_t slash = std::min(pointer.find('/'), pointer.size());
    const std::string name =
        absl::StrReplaceAll(pointer.substr(0, slash), {{"~1", "/"}, {"~0", "~"}});
    pointer.remove_prefix(slash);
    const Node& parent = nodes_[index];
    if (!IsContainer(parent)) return std::nullopt;
    uint32_t ordinal = 0;
    uint32_t child = index + 1;
    for (uint32_t i = 0; i < parent.size; ++i, child = nodes_[child].end) {
      const bool object = parent.kind == Kind::kObject;
      if (object ? Text(child++) == name : name == absl::StrCat(ordinal++)) break;
    }
    if (child >= parent.end) return std::nullopt;
    index = child;
  }
  return index;
}

std::string Document::Describe(uint32_t index) const {
  const Node& node = nodes_[index];
  switch (node.kind) {
    case Kind::kNull: return "null";
    case Kind::kFalse: return "false";
    case Kind::kTrue: return "true";
    case Kind::kNumber:
      return node.size <= 80 ? std::string(Text(index))
                             : absl::StrCat(Text(index).substr(0, 77), "...");
    case Kind::kString: return Quote(Text(index));
    case Kind::kArray: return node.size == 0 ? "[]" : "[...]";
    case Kind::kObject: return node.size == 0 ? "{}" : "{...}";
  }
  return "";
}

Diagnostic Document::Explain(absl::string_view pointer, absl::string_view problem,
                             absl::string_view fix) const {
  Diagnostic diagnostic{.file = file_,
                        .pointer = std::string(pointer),
                        .problem = std::string(problem),
                        .fix = std::string(fix)};
  if (nodes_.empty()) return diagnostic;
  absl::string_view place = pointer;
  std::optional<uint32_t> index = Find(place);
  if (index.has_value()) diagnostic.value = Describe(*index);
  while (!index.has_value()) {
    place = place.substr(0, place.rfind('/'));
    index = Find(place);
  }
  // The name of a variable helps and its value may be a secret.
  const bool environment = absl::StrContains(pointer, "/env/") || absl::EndsWith(pointer, "/env");
  if (environment && nodes_[*index].kind == Kind::kString) {
    const absl::string_view text = Text(*index);
    const size_t equals = text.find('=');
    diagnostic.value = Quote(
        absl::StrCat(equals == absl::string_view::npos ? "" : text.substr(0, equals + 1), "..."));
  }
  const Position position = Locate(text_, nodes_, ValueStart(nodes_[*index]));
  diagnostic.line = position.line;
  diagnostic.column = position.column;
  return diagnostic;
}

}  // namespace hull::spec
