// Arena: puts a Plan together as one block of bytes.
#ifndef HULL_RUNTIME_PLAN_ARENA_H_
#define HULL_RUNTIME_PLAN_ARENA_H_

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "runtime/plan/plan.h"

namespace hull::plan {

// A finished Plan: owns the block. Copies are independent.
class Block {
 public:
  Block() = default;
  explicit Block(std::string bytes) : bytes_(std::move(bytes)) {}
  const Plan& plan() const { return *reinterpret_cast<const Plan*>(bytes_.data()); }
  Plan& mutable_plan() { return *reinterpret_cast<Plan*>(bytes_.data()); }
  absl::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Arena {
 public:
  Arena() : bytes_(sizeof(Plan), '\0') { bytes_.reserve(1 << 16); }

  // Ends at the first NUL, of which a validated Spec has none.
  Text AddText(absl::string_view text) {
    const Text result{static_cast<uint32_t>(bytes_.size())};
    bytes_.append(text.data(), text.size());
    bytes_.push_back('\0');
    return result;
  }
  // An empty text is absent.
  Text AddOptionalText(absl::string_view text) { return text.empty() ? Text{} : AddText(text); }

  template <typename T>
  Array<T> AddArray(const std::vector<T>& items) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (items.empty()) return {};
    const Array<T> result{Align(), static_cast<uint32_t>(items.size())};
    bytes_.append(reinterpret_cast<const char*>(items.data()), items.size() * sizeof(T));
    return result;
  }

  // `spare` more slots, empty, behind the texts and before the final null.
  PointerVector AddPointers(const std::vector<std::string>& texts, uint32_t spare = 0) {
    std::vector<uint64_t> slots;
    slots.reserve(texts.size() + spare + 1);
    for (const std::string& text : texts) slots.push_back(AddText(text).offset);
    slots.resize(texts.size() + spare + 1);
    return {AddArray(slots).offset, static_cast<uint32_t>(texts.size() + spare)};
  }

  Block Finish(Plan plan) {
    Align();
    plan.size_bytes = bytes_.size();
    std::memcpy(bytes_.data(), &plan, sizeof(plan));
    return Block(std::move(bytes_));
  }

 private:
  uint32_t Align() {
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
    return static_cast<uint32_t>(bytes_.size());
  }

  std::string bytes_;
};

}  // namespace hull::plan

#endif  // HULL_RUNTIME_PLAN_ARENA_H_
