#include "ringdist/tools/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

// Sequences that all terminals of today know (ECMA-48, and xterm's pages).
constexpr char kOtherPage[] = "\x1b[?1049h\x1b[?25l";
constexpr char kFirstPage[] = "\x1b[?25h\x1b[?1049l";
constexpr char kToTopLeft[] = "\x1b[H";
constexpr char kClearLine[] = "\x1b[K";   // From here on.
constexpr char kClearBelow[] = "\x1b[J";  // From here on.

bool Write(absl::string_view text) {
  return fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
         fflush(stdout) == 0;
}

}  // namespace

bool Screen::IsThere() {
  const char* const terminal = getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && terminal != nullptr &&
         absl::string_view(terminal) != "dumb";
}

Screen::Screen() { Write(kOtherPage); }

Screen::~Screen() {
  Write(absl::StrCat(kFirstPage, absl::StrJoin(drawn_, "\n"),
                     drawn_.empty() ? "" : "\n"));
}

Screen::Size Screen::size() const {
  winsize window = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 ||
      window.ws_row == 0) {
    return {};
  }
  return {window.ws_col, window.ws_row};
}

absl::Status Screen::Draw(const std::vector<std::string>& lines) {
  drawn_ = lines;
  // Clears before it writes: behind a line that fills the width it would clear
  // its last character. No new line behind the last one, which would scroll.
  std::string picture = kToTopLeft;
  for (size_t i = 0; i < lines.size(); ++i) {
    absl::StrAppend(&picture, i > 0 ? "\r\n" : "",
                    i + 1 < lines.size() ? kClearLine : kClearBelow, lines[i]);
  }
  if (Write(picture)) {
    return absl::OkStatus();
  }
  return SystemError("write", "the terminal", errno, "it is gone");
}

}  // namespace ringdist
