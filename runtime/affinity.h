// The CPUs of the calling thread, for as long as it starts something.
#ifndef HULL_RUNTIME_AFFINITY_H_
#define HULL_RUNTIME_AFFINITY_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace hull::runtime {

// Gives the thread back the CPUs that it had when it is destroyed.
class ThreadAffinity {
 public:
  ThreadAffinity() = default;
  ThreadAffinity(const ThreadAffinity&) = delete;
  ~ThreadAffinity();

  // Pins the thread to a list such as "0-3,7"; "" changes nothing. `where` is the JSON pointer of it.
  absl::Status Pin(absl::string_view cpus, absl::string_view where);

 private:
  std::vector<uint64_t> before_;
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_AFFINITY_H_
