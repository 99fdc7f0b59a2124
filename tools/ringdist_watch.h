// `ringdist watch`: nodes as they come and go, and how they are.
//
//   WatchFlags flags;
//   CLI::App& watch = AddWatchCommand(app, flags);
//   app.parse(argc, argv);
//   if (watch.parsed()) return RunWatch(flags);

#ifndef RINGDIST_TOOLS_RINGDIST_WATCH_H_
#define RINGDIST_TOOLS_RINGDIST_WATCH_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "ringdist/tools/ringdist_flags.h"

namespace ringdist {

struct WatchFlags {
  NodeFlags node;                  // Without a name: one that nobody has.
  std::vector<std::string> peers;  // As written.
  absl::Duration interval = absl::Seconds(1);
  int count = 0;  // Intervals until it ends; 0: as many as there are.
  absl::Duration duration = absl::InfiniteDuration();  // Until it ends.
  absl::Duration timeout = absl::Seconds(7);
};

// `flags` outlives `app`.
CLI::App& AddWatchCommand(CLI::App& app, WatchFlags& flags);

// Watches until it is told to end; an ExitStatus. Once per process.
int RunWatch(const WatchFlags& flags);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_RINGDIST_WATCH_H_
