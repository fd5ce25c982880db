// The init program, as the bytes that main puts into a sealed memfd.
#ifndef HULL_RUNTIME_CHILD_IMAGE_H_
#define HULL_RUNTIME_CHILD_IMAGE_H_

#include <cstddef>
#include <span>

extern "C" {
extern const char hull_init_image[];
extern const char hull_init_image_end[];
}

namespace hull::child {

inline std::span<const char> InitImage() {
  return {hull_init_image, static_cast<size_t>(hull_init_image_end - hull_init_image)};
}

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_IMAGE_H_
