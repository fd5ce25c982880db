// Phase times of one run of the program, for `testing/bench`: off unless HULL_TRACE names a file.
#ifndef HULL_RUNTIME_TRACE_H_
#define HULL_RUNTIME_TRACE_H_

namespace hull::runtime {

// Notes that `phase` has just ended: one line of JSON, {"phase":…,"at_us":…,"pid":…}, where at_us are
// the microseconds since the process started. Not for threads at the same time.
void Trace(const char* phase);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_TRACE_H_
