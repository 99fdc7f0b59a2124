// The time series of a result, as CSV (RFC 4180): a line of names, and a line
// for each interval of each measurement.
//
//   run,repeat,start_s,messages,bytes,errors,messages_per_s,bytes_per_s,
//       p50_us,p99_us,max_us
//
// `repeat` is 1 for the first measurement of a run. Latencies are those of the
// interval, and empty if it has none.

#ifndef RINGDIST_BENCH_LOAD_SERIES_CSV_H_
#define RINGDIST_BENCH_LOAD_SERIES_CSV_H_

#include <string>

#include "ringdist/bench/load/load_results.h"

namespace ringdist {

std::string SeriesCsv(const LoadResults& results);

// How long the interval `index` of a measurement was: to the next one's start,
// or to the end.
absl::Duration IntervalLength(const Measurement& measurement, size_t index);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_SERIES_CSV_H_
