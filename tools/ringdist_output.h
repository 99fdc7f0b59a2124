// What the commands tell: events on standard output, errors on standard error.
//
//   Output output(Output::Format::kText, [&] { Stop(); });
//   output.Print("ringdist: nodedown srv@localhost: connection_closed",
//                {{"event", "nodedown"},
//                 {"node", "srv@localhost"},
//                 {"reason", "connection_closed"}});

#ifndef RINGDIST_TOOLS_RINGDIST_OUTPUT_H_
#define RINGDIST_TOOLS_RINGDIST_OUTPUT_H_

#include <functional>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/runtime/log.h"

namespace ringdist {

// Keeps the fields in the order they are written.
using Json = nlohmann::ordered_json;

// What a command exits with.
enum ExitStatus {
  kSuccess = 0,
  kFailure = 1,     // Something could not be done; or a pang.
  kUsageError = 2,  // The command line asks for what there is not.
};

// Prints each event as a line that is written at once, so that who reads a pipe
// sees it when it happens.
class Output {
 public:
  enum class Format {
    kText,  // Lines for people.
    kJson,  // An object per line.
  };

  // `on_broken` runs, in the first Print that fails, if nobody reads standard
  // output any more: the command should end.
  Output(Format format, std::function<void()> on_broken);

  // `line` has no '\n' at its end; `event` says the same as an object.
  void Print(absl::string_view line, const Json& event);
  // As Print, but `text` is written as it is, and need not end a line.
  void Write(absl::string_view text, const Json& event);

  // OK, or why printing failed.
  const absl::Status& status() const { return status_; }

 private:
  const Format format_;
  const std::function<void()> on_broken_;
  absl::Status status_;
};

// A peer or a reader that has gone is told by the call that writes, not by
// SIGPIPE. For the whole process.
void IgnoreSigpipe();

// "ringdist: <message>" on standard error.
void PrintError(absl::string_view message);

// Prints why the command could not do what it should; kFailure.
ExitStatus Fail(const absl::Status& status);

// Prints the library's warnings and errors on standard error.
LogSink LogToStandardError();

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_RINGDIST_OUTPUT_H_
