// dist_load serve NODE

#ifndef RINGDIST_BENCH_LOAD_SERVE_COMMAND_H_
#define RINGDIST_BENCH_LOAD_SERVE_COMMAND_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"

namespace ringdist {

struct ServeFlags {
  std::string name;
  std::string directory = ".";
  std::string cookie;  // Empty: that of loads that start their own target.
};

// Adds the subcommand; `flags` outlives `app`.
CLI::App& AddServeCommand(CLI::App& app, ServeFlags& flags);

// Serves until SIGINT or SIGTERM; why it cannot.
absl::Status RunServe(const ServeFlags& flags);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_SERVE_COMMAND_H_
