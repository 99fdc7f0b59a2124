// `ringdist serve`: a node that listens, answers what every node answers, has
// the processes echo and sink, and tells who comes and goes.
//
//   ServeFlags flags;
//   CLI::App& serve = AddServeCommand(app, flags);
//   app.parse(argc, argv);
//   if (serve.parsed()) return RunServe(flags);

#ifndef RINGDIST_TOOLS_RINGDIST_SERVE_H_
#define RINGDIST_TOOLS_RINGDIST_SERVE_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "ringdist/tools/ringdist_flags.h"

namespace ringdist {

struct ServeFlags {
  NodeFlags node;
  bool visible = false;
  bool prevent_overlapping_partitions = true;
  std::vector<std::string> connect;  // Peers, as written.
  uint64_t without = 0;              // NodeOptions::disabled_flags.
  std::string capture_file;          // Empty: none.
};

// `flags` outlives `app`.
CLI::App& AddServeCommand(CLI::App& app, ServeFlags& flags);

// Serves until SIGINT or SIGTERM; an ExitStatus. Once per process.
int RunServe(const ServeFlags& flags);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_RINGDIST_SERVE_H_
