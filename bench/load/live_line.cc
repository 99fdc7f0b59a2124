#include "ringdist/bench/load/live_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ringdist/bench/load/load_text.h"

namespace ringdist {
namespace {

// To the first column, and clear from there (ECMA-48).
constexpr char kToBegin[] = "\r\x1b[K";

std::function<void(absl::string_view)> TerminalOrNothing() {
  const char* const terminal = getenv("TERM");
  if (isatty(STDERR_FILENO) == 0 || terminal == nullptr ||
      absl::string_view(terminal) == "dumb") {
    return nullptr;
  }
  return [](absl::string_view text) {
    // A line that is lost does no harm.
    if (write(STDERR_FILENO, text.data(), text.size()) < 0) return;
  };
}

size_t TerminalWidth() {
  winsize window = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) {
    return 80;
  }
  return window.ws_col;
}

}  // namespace

LiveLine::LiveLine() : LiveLine(TerminalWidth(), TerminalOrNothing()) {}

LiveLine::LiveLine(size_t width, std::function<void(absl::string_view)> write)
    : write_(std::move(write)), width_(width) {}

LiveLine::~LiveLine() { Clear(); }

void LiveLine::Begin(absl::string_view what, absl::Duration interval) {
  what_ = std::string(what);
  interval_ = interval;
  errors_ = 0;
  Write(absl::StrCat(what_, ": warming up"));
}

void LiveLine::Show(const Interval& interval) {
  errors_ += interval.errors;
  std::string line =
      absl::StrFormat("%s: %.1f s, %s", what_,
                      absl::ToDoubleSeconds(interval.start + interval_),
                      RateText(static_cast<double>(interval.messages) /
                               absl::ToDoubleSeconds(interval_)));
  if (interval.max_ns > 0) {
    absl::StrAppend(
        &line, ", p50 ", NanosecondsText(static_cast<double>(interval.p50_ns)),
        ", p99 ", NanosecondsText(static_cast<double>(interval.p99_ns)));
  }
  Write(absl::StrCat(line, ", ", CountText(errors_), " errors"));
}

void LiveLine::Clear() {
  if (is_shown_) write_(kToBegin);
  is_shown_ = false;
}

void LiveLine::Write(absl::string_view line) {
  if (!write_) return;
  // Not into the last column, where some terminals go on to the next line.
  write_(absl::StrCat(kToBegin, line.substr(0, width_ > 0 ? width_ - 1 : 0)));
  is_shown_ = true;
}

}  // namespace ringdist
