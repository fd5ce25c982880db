// The helper program (helper.cc), as the bytes that HelperBus puts into a sealed memfd.
#ifndef HULL_CGROUPS_SYSTEMD_HELPER_IMAGE_H_
#define HULL_CGROUPS_SYSTEMD_HELPER_IMAGE_H_

#include <cstddef>
#include <span>

extern "C" {
extern const char hull_systemd_helper[];
extern const char hull_systemd_helper_end[];
}

namespace hull::cgroups::systemd {

inline std::span<const char> HelperImage() {
  return {hull_systemd_helper, static_cast<size_t>(hull_systemd_helper_end - hull_systemd_helper)};
}

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_HELPER_IMAGE_H_
