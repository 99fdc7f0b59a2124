#include "ringdist/tools/ringdist_output.h"

#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {

Output::Output(Format format, std::function<void()> on_broken)
    : format_(format), on_broken_(std::move(on_broken)) {}

void Output::Print(absl::string_view line, const Json& event) {
  Write(absl::StrCat(line, "\n"), event);
}

void Output::Write(absl::string_view text, const Json& event) {
  if (!status_.ok()) return;
  std::string object;
  if (format_ == Format::kJson) {
    // A path need not be UTF-8.
    object = event.dump(-1, ' ', false, Json::error_handler_t::replace);
    object.push_back('\n');
    text = object;
  }
  if (fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
      fflush(stdout) == 0) {
    return;
  }
  status_ =
      SystemError("write", "standard output", errno, "whoever read it is gone");
  on_broken_();
}

void IgnoreSigpipe() { signal(SIGPIPE, SIG_IGN); }

void PrintError(absl::string_view message) {
  const std::string line = absl::StrCat("ringdist: ", message, "\n");
  fwrite(line.data(), 1, line.size(), stderr);
}

ExitStatus Fail(const absl::Status& status) {
  PrintError(status.message());
  return kFailure;
}

LogSink LogToStandardError() {
  return [](LogLevel level, absl::string_view line) {
    if (level == LogLevel::kInfo) return;
    const bool is_warning = level == LogLevel::kWarning;
    PrintError(absl::StrCat(is_warning ? "warning: " : "error: ", line));
  };
}

}  // namespace ringdist
