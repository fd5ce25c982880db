// Holds every value against its own rule (fields.h); relations between values are validate.cc's.
#ifndef HULL_SPEC_CHECK_RULES_H_
#define HULL_SPEC_CHECK_RULES_H_

#include "spec/report.h"
#include "spec/spec.h"

namespace hull::spec {

// `path` is where the object stands.
void CheckRules(const Spec& spec, const Path& path, Report* report);
void CheckRules(const Process& process, const Path& path, Report* report);
void CheckRules(const Resources& resources, const Path& path, Report* report);

}  // namespace hull::spec

#endif  // HULL_SPEC_CHECK_RULES_H_
