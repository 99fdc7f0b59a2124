// TerminalProgram: a program on a terminal of its own, with somebody at the
// keyboard.
//
//   TerminalProgram program({"/path/to/dist_load", "--duration=1h"});
//   program.AwaitText("p50");
//   program.Type("\x03");          // Ctrl-C
//   EXPECT_EQ(program.Wait(), 0);
//   program.shown();               // All that it wrote, as a terminal gets it

#ifndef RINGDIST_TESTS_BENCH_TERMINAL_PROGRAM_H_
#define RINGDIST_TESTS_BENCH_TERMINAL_PROGRAM_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ringdist {

class TerminalProgram {
 public:
  // A CHECK fails if there can be no terminal.
  explicit TerminalProgram(const std::vector<std::string>& command);
  // Kills it if it still runs.
  ~TerminalProgram();
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  // Reads until it has shown this. False if it ends without, or shows nothing
  // for 30 s.
  bool AwaitText(absl::string_view text);
  void Type(absl::string_view keys);
  // Reads to its end; the exit status, or 128 + N if signal N ended it.
  int Wait();

  const std::string& shown() const { return shown_; }

 private:
  bool Read();

  pid_t pid_ = -1;
  int terminal_ = -1;
  std::string shown_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_BENCH_TERMINAL_PROGRAM_H_
