#include "ringdist/tools/human_units.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ringdist {

std::string BytesText(double bytes) {
  if (bytes < 999.5) return absl::StrFormat("%.0f B", bytes);
  for (const char unit : {'k', 'M', 'G'}) {
    bytes /= 1000;
    // What would be printed as 1000.0 is one of the next unit.
    if (bytes < 999.95) return absl::StrFormat("%.1f %cB", bytes, unit);
  }
  return absl::StrFormat("%.1f TB", bytes / 1000);
}

std::string DurationText(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  const int64_t minutes = seconds / 60;
  const int64_t hours = minutes / 60;
  if (minutes == 0) return absl::StrCat(seconds, "s");
  if (hours == 0) return absl::StrFormat("%dm %02ds", minutes, seconds % 60);
  if (hours < 24) return absl::StrFormat("%dh %02dm", hours, minutes % 60);
  return absl::StrFormat("%dd %02dh", hours / 24, hours % 24);
}

std::string MillisecondsText(absl::Duration duration) {
  return absl::StrFormat("%.3f ms", absl::ToDoubleMilliseconds(duration));
}

}  // namespace ringdist
