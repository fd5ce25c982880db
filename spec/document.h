// A JSON text as a tree that knows where every value stands. Strict: see ParseDocument.
//
// The tree is one array of nodes in the text's order; a value's children follow it. Nothing is
// computed for locations until somebody asks for one.
#ifndef HULL_SPEC_DOCUMENT_H_
#define HULL_SPEC_DOCUMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "spec/diagnostic.h"

namespace hull::spec {

// What one JSON text may hold.
inline constexpr size_t kMaxTextBytes = 64 << 20;
inline constexpr size_t kMaxStringBytes = 1 << 20;
inline constexpr size_t kMaxNodes = 1'000'000;  // values and keys
inline constexpr int kMaxDepth = 128;

struct Node {
  enum class Kind : uint8_t { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

  uint32_t offset = 0;  // in the text: a string's first byte inside the quotes, else the first byte
  uint32_t size = 0;    // bytes of a string (decoded) or number; members or elements otherwise
  uint32_t end = 0;     // index of the first node after this value
  Kind kind = Kind::kNull;
};

class Document {
 public:
  // An empty document: for values that no text was parsed for. It locates nothing.
  Document() = default;

  const std::string& file() const { return file_; }
  bool empty() const { return nodes_.empty(); }

  // Node 0 is the root. An object's nodes alternate: key (a string), value.
  const Node& node(uint32_t index) const { return nodes_[index]; }
  // The decoded string, or the digits of a number as written. Valid while the Document lives.
  absl::string_view Text(uint32_t index) const {
    return absl::string_view(text_.data() + nodes_[index].offset, nodes_[index].size);
  }
  // Index of the value that RFC 6901 `pointer` names, or none.
  std::optional<uint32_t> Find(absl::string_view pointer) const;
  // The value on one line for a message: at most 80 bytes, escaped; "an object" for what is bigger.
  std::string Describe(uint32_t index) const;
  // A diagnostic with file, place and value filled in. A pointer to nothing is placed at the
  // nearest value round it, and has no value; values below an `env` key are never shown.
  Diagnostic Explain(absl::string_view pointer, absl::string_view problem,
                     absl::string_view fix) const;

 private:
  friend absl::StatusOr<Document> ParseDocument(std::string text, absl::string_view file);
  friend class TreeBuilder;

  std::string file_;
  std::string
      text_;  // decoded in place: a string's escapes are gone, the lines stand where they did
  std::vector<Node> nodes_;
};

// Reads one JSON text by RFC 8259 and within the limits above. Refused besides: a byte order mark,
// invalid UTF-8 (lone surrogates too), NUL (`\u0000` too), duplicate keys, comments, anything after
// the value. `file` is a name for messages only. InvalidArgument with the one error that was met.
absl::StatusOr<Document> ParseDocument(std::string text, absl::string_view file);

}  // namespace hull::spec

#endif  // HULL_SPEC_DOCUMENT_H_
