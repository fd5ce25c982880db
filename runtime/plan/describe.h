// A Plan in words: what `hull explain` prints, what golden tests compare, what errors say.
#ifndef HULL_RUNTIME_PLAN_DESCRIBE_H_
#define HULL_RUNTIME_PLAN_DESCRIBE_H_

#include <string>

#include "absl/status/status.h"
#include "runtime/plan/plan.h"
#include "runtime/sync/message.h"

namespace hull::plan {

// One line a step, in order, with the JSON pointer that asked for it; environment values are left
// out (they hold secrets).
std::string Describe(const Plan& plan);

// "mounting proc at '/proc'": one step, as errors name it.
std::string DescribeStep(const Plan& plan, const Step& step);

// The Status for a kFailed message: what was being done, by whose wish (JSON pointer), the
// operation and the errno's name and text; the texts that engines match are kept. Steps are counted
// from the last: whoever starts a container builds its Plan again, from the config alone, and what
// the options of its creation changed in it lies before the gate.
absl::Status FailureStatus(const Plan& plan, const sync::Message& failure);

}  // namespace hull::plan

#endif  // HULL_RUNTIME_PLAN_DESCRIBE_H_
