// A report: one HTML page with everything in it that needs no other file, and
// its plots once more as PNGs beside it.
//
//   absl::Status written = WriteReport(results, "load.html");
//   // load.html, load-echo-latency.png, load-echo-series.png

#ifndef RINGDIST_BENCH_LOAD_REPORT_H_
#define RINGDIST_BENCH_LOAD_REPORT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/load/load_results.h"

namespace ringdist {

struct ReportImage {
  std::string run;          // Whose plot it is.
  std::string description;  // Below it.
  std::string png;
};

// The page.
std::string ReportHtml(const LoadResults& results,
                       const std::vector<ReportImage>& images);

// Draws the plots beside `path`, which ends with .html, and writes the page.
absl::Status WriteReport(const LoadResults& results, const std::string& path);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_REPORT_H_
