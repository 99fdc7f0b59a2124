// `ringdist info`: what a node is and how it is.
//
//   InfoFlags flags;
//   CLI::App& info = AddInfoCommand(app, flags);
//   app.parse(argc, argv);
//   if (info.parsed()) return RunInfo(flags);

#ifndef RINGDIST_TOOLS_RINGDIST_INFO_H_
#define RINGDIST_TOOLS_RINGDIST_INFO_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/time/time.h"
#include "ringdist/tools/ringdist_flags.h"

namespace ringdist {

struct InfoFlags {
  NodeFlags node;    // Without a name: one that nobody has.
  std::string peer;  // As written.
  absl::Duration timeout = absl::Seconds(7);
};

// `flags` outlives `app`.
CLI::App& AddInfoCommand(CLI::App& app, InfoFlags& flags);

// Asks and prints; an ExitStatus. Once per process.
int RunInfo(const InfoFlags& flags);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_RINGDIST_INFO_H_
