// LogSink: where lines for people go. The embedder gives one, or none; there is
// no global logger.
//
//   options.log = [](LogLevel level, absl::string_view line) {
//     if (level > LogLevel::kInfo) std::cerr << line << "\n";
//   };
//
// Called on the reactor's thread. A line has no '\n' at its end.

#ifndef RINGDIST_RUNTIME_LOG_H_
#define RINGDIST_RUNTIME_LOG_H_

#include <functional>

#include "absl/strings/string_view.h"

namespace ringdist {

enum class LogLevel {
  kInfo,     // What happens in the normal course of things.
  kWarning,  // Something was given up, or a peer misbehaved; all else goes on.
  kError,    // Something does not work until somebody sees to it.
};

using LogSink = std::function<void(LogLevel level, absl::string_view line)>;

// Hands `line` to the sink, if there is one.
inline void Log(const LogSink& sink, LogLevel level, absl::string_view line) {
  if (sink) sink(level, line);
}

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_LOG_H_
