// Figures of a load as people read them and write them: three digits, and a
// unit.
//
//   RateText(3'141'593)             // "3.14 M/s"
//   NanosecondsText(12'345)         // "12.3 us"
//   ParseNumber("250k", rate)       // 250'000

#ifndef RINGDIST_BENCH_LOAD_LOAD_TEXT_H_
#define RINGDIST_BENCH_LOAD_LOAD_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace ringdist {

// In powers of 1000: "0", "12.3", "999", "1.00 k", "3.14 M", "2.50 G".
std::string NumberText(double number);
// Of messages: NumberText and "/s".
std::string RateText(double per_second);
// Of bytes: "3.14 MB/s".
std::string BandwidthText(double bytes_per_second);
// Of memory or a message, in powers of 1024: "16 B", "64 KiB", "1.50 MiB".
std::string SizeText(double bytes);
// "640 ns", "12.3 us", "1.50 ms", "2.00 s".
std::string NanosecondsText(double nanoseconds);
// A part of one, as percent: "1.9 %".
std::string PercentText(double part);
// A whole number, in groups: "1,234,567".
std::string CountText(uint64_t count);

// A positive number, which may end with k, M or G (1000, and so on).
// InvalidArgument says what to write instead.
absl::Status ParseNumber(absl::string_view text, double& number);
// 0 or more: "0", "200us", "1.5ms", "3s". InvalidArgument as above.
absl::Status ParseTime(absl::string_view text, absl::Duration& value);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_LOAD_TEXT_H_
