// argv and envp: offsets of the Plan turned into pointers, in the private mapping.
#ifndef HULL_RUNTIME_CHILD_VECTOR_H_
#define HULL_RUNTIME_CHILD_VECTOR_H_

#include "runtime/child/context.h"

namespace hull::child {

// Idempotent: an offset is smaller than the block, a pointer is not.
inline char** PointersOf(Context& context, plan::PointerVector vector) {
  auto* slots = reinterpret_cast<uint64_t*>(context.block + vector.offset);
  for (uint32_t i = 0; i < vector.count; ++i) {
    if (slots[i] != 0 && slots[i] < context.plan->size_bytes) {
      slots[i] = reinterpret_cast<uint64_t>(context.block + slots[i]);
    }
  }
  return reinterpret_cast<char**>(slots);
}

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_VECTOR_H_
