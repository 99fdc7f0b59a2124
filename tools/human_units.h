// Amounts as people read them.
//
//   BytesText(25'312'000)                    // "25.3 MB"
//   DurationText(absl::Seconds(3723))        // "1h 02m"
//   MillisecondsText(absl::Microseconds(87)) // "0.087 ms"

#ifndef RINGDIST_TOOLS_HUMAN_UNITS_H_
#define RINGDIST_TOOLS_HUMAN_UNITS_H_

#include <string>

#include "absl/time/time.h"

namespace ringdist {

// In powers of 1000, at most 8 characters: "0 B", "999 B", "1.0 kB", "1.2 TB".
std::string BytesText(double bytes);

// The two largest units, whole: "0s", "59s", "3m 12s", "5h 03m", "12d 04h".
std::string DurationText(absl::Duration duration);

// Of a round trip: "0.087 ms".
std::string MillisecondsText(absl::Duration duration);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_HUMAN_UNITS_H_
