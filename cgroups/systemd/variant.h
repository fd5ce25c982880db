// Values of annotations: the part of GVariant's text format that units' properties need.
#ifndef HULL_CGROUPS_SYSTEMD_VARIANT_H_
#define HULL_CGROUPS_SYSTEMD_VARIANT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/systemd/bus.h"

namespace hull::cgroups::systemd {

// true, 15, -1, 0x10, 1.5, 'text', "text", uint64 10, @t 10, ['a', 'b'], @as []
// Without a type a number is an int32, with '.' or an exponent a double. InvalidArgument says what
// was expected and where; tuples, dictionaries, maybes and variants are not known.
absl::StatusOr<Value> ParseVariant(absl::string_view text);

// `value` as `signature`, if nothing is lost: any integer type as any other that it fits.
absl::StatusOr<Value> Coerce(const Value& value, absl::string_view signature);

// Seconds, of any number type, as microseconds ("t").
absl::StatusOr<Value> MicrosecondsFromSeconds(const Value& seconds);

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_VARIANT_H_
