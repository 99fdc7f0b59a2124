// LoadResults as JSON, both ways. The schema, version 1:
//
//   {"schema": "dist_load", "version": 1,
//    "started": "2026-01-31T12:00:00Z",
//    "arguments": ["--workload=echo"],
//    "machine": {"kernel", "cpu", "cpus", "memory_bytes", "is_virtual",
//                "commit", "build"},
//    "runs": [
//     {"name": "echo",
//      "spec": {each field of LoadSpec but the cookie and the directory},
//      "generator": {"ns_per_message": 12.3, "unknown": ""},
//      "search": {"slo": "p99<200us", "rate", "interrupted",
//                 "steps": [{"rate", "achieved", "value", "failure"}]},
//      "measurements": [
//       {"duration_ns", "messages", "bytes", "asked_rate", "interrupted",
//        "errors", "first_error",
//        "faults": {"lost", "duplicated", "reordered", "corrupted"},
//        "latency": {"count", "min", "max", "mean", "standard_deviation",
//                    "buckets": [[largest value, count], ..]},
//        "blocked": as latency,
//        "series": [{"start_ns", "messages", "bytes", "errors", "p50_ns",
//                    "p99_ns", "max_ns"}],
//        "counters": {name: number}}],
//      "summary": {"rate": {"median", "lowest", "highest"}, "bandwidth",
//                  and where there are latencies "p50", "p90", "p99", "p99.9",
//                  "p99.99", "max", of idle connections "memory"}}]}
//
// Latencies and what ends with _ns are nanoseconds, rates per second,
// bandwidths bytes per second. "search" is there for --find_max only. The
// summary is for other programs, and not read back. Fields may be added
// without a new version: a reader passes over those it does not know, and a
// field that is missing has its default.

#ifndef RINGDIST_BENCH_LOAD_RESULT_JSON_H_
#define RINGDIST_BENCH_LOAD_RESULT_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/load/load_results.h"

namespace ringdist {

// Ends with a line end.
std::string ResultsToJson(const LoadResults& results);

// InvalidArgument tells where it is not what the schema says; so do specs that
// are not valid, and measurements that took no time.
absl::StatusOr<LoadResults> ResultsFromJson(absl::string_view text);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_RESULT_JSON_H_
