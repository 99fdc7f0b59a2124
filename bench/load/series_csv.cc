#include "ringdist/bench/load/series_csv.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ringdist {
namespace {

constexpr char kNames[] =
    "run,repeat,start_s,messages,bytes,errors,messages_per_s,bytes_per_s,"
    "p50_us,p99_us,max_us\n";

std::string MicrosecondsText(const Interval& interval, int64_t nanoseconds) {
  const bool has_latency = interval.max_ns > 0;
  return has_latency
             ? absl::StrFormat("%.3f", static_cast<double>(nanoseconds) / 1000)
             : "";
}

std::string IntervalLine(const Measurement& measurement, size_t index) {
  const Interval& interval = measurement.series[index];
  const double seconds =
      absl::ToDoubleSeconds(IntervalLength(measurement, index));
  const auto per_second = [seconds](uint64_t count) {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
  };
  return absl::StrFormat(
      "%.3f,%d,%d,%d,%.1f,%.1f,%s,%s,%s\n",
      absl::ToDoubleSeconds(interval.start), interval.messages, interval.bytes,
      interval.errors, per_second(interval.messages),
      per_second(interval.bytes), MicrosecondsText(interval, interval.p50_ns),
      MicrosecondsText(interval, interval.p99_ns),
      MicrosecondsText(interval, interval.max_ns));
}

}  // namespace

std::string SeriesCsv(const LoadResults& results) {
  std::string csv = kNames;
  for (const LoadRun& run : results.runs) {
    for (size_t i = 0; i < run.measurements.size(); ++i) {
      const Measurement& measurement = run.measurements[i];
      for (size_t j = 0; j < measurement.series.size(); ++j) {
        absl::StrAppend(&csv, run.name, ",", i + 1, ",",
                        IntervalLine(measurement, j));
      }
    }
  }
  return csv;
}

absl::Duration IntervalLength(const Measurement& measurement, size_t index) {
  const absl::Duration end = index + 1 < measurement.series.size()
                                 ? measurement.series[index + 1].start
                                 : measurement.duration;
  return end - measurement.series[index].start;
}

}  // namespace ringdist
