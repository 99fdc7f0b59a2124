// LiveLine: one line on a terminal that tells how a run goes, and is written
// over again and again. Where standard error is no terminal, it says nothing.
//
//   LiveLine line;
//   line.Begin("echo, 2 of 5", spec.interval);
//   hooks.on_interval = [&](const Interval& interval) { line.Show(interval); };
//   ...
//   line.Clear();  // before anything else is printed
//
//   echo, 2 of 5: 1.3 s, 48.3 k/s, p50 20.1 us, p99 35.0 us, 0 errors

#ifndef RINGDIST_BENCH_LOAD_LIVE_LINE_H_
#define RINGDIST_BENCH_LOAD_LIVE_LINE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/measurement.h"

namespace ringdist {

class LiveLine {
 public:
  // On standard error, if that is a terminal that can do it.
  LiveLine();
  // Hands what would go to the terminal to `write`; it has `width` columns.
  LiveLine(size_t width, std::function<void(absl::string_view)> write);
  ~LiveLine();
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  // What runs now; from here on its intervals are shown, which are so long.
  void Begin(absl::string_view what, absl::Duration interval);
  void Show(const Interval& interval);
  void Clear();

 private:
  void Write(absl::string_view line);

  const std::function<void(absl::string_view)> write_;  // Empty: is silent.
  const size_t width_;
  std::string what_;
  absl::Duration interval_;
  uint64_t errors_ = 0;
  bool is_shown_ = false;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_LIVE_LINE_H_
