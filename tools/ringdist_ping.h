// `ringdist ping`: net_adm:ping as a command.
//
//   PingFlags flags;
//   CLI::App& ping = AddPingCommand(app, flags);
//   app.parse(argc, argv);
//   if (ping.parsed()) return RunPing(flags);

#ifndef RINGDIST_TOOLS_RINGDIST_PING_H_
#define RINGDIST_TOOLS_RINGDIST_PING_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/time/time.h"
#include "ringdist/tools/ringdist_flags.h"

namespace ringdist {

struct PingFlags {
  NodeFlags node;    // Without a name: one that nobody has.
  std::string peer;  // As written.
  int count = 1;
  absl::Duration interval = absl::Seconds(1);
  absl::Duration timeout = absl::Seconds(7);
};

// `flags` outlives `app`.
CLI::App& AddPingCommand(CLI::App& app, PingFlags& flags);

// Pings; an ExitStatus: success if every ping was answered. Once per process.
int RunPing(const PingFlags& flags);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_RINGDIST_PING_H_
