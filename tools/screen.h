// Screen: the terminal of standard output, drawn over again and again. While
// there is one the terminal shows its other page, without a cursor; then what
// was there before.
//
//   if (Screen::IsThere()) {
//     Screen screen;
//     absl::Status drawn = screen.Draw(lines);   // of screen.size()
//   }

#ifndef RINGDIST_TOOLS_SCREEN_H_
#define RINGDIST_TOOLS_SCREEN_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace ringdist {

class Screen {
 public:
  // Whether standard output is a terminal that can be drawn on.
  static bool IsThere();

  Screen();
  // Restores the terminal, and leaves the last picture in it as plain lines.
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  struct Size {
    size_t width = 80;
    size_t height = 24;
  };
  // As it is now: a window may be resized.
  Size size() const;

  // Shows these lines and nothing else; none may be wider or more than size().
  // The system's error if the terminal is gone.
  absl::Status Draw(const std::vector<std::string>& lines);

 private:
  std::vector<std::string> drawn_;
};

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_SCREEN_H_
