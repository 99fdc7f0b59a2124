// `ringdist call`: erpc:call as a command.
//
//   CallFlags flags;
//   CLI::App& call = AddCallCommand(app, flags);
//   app.parse(argc, argv);
//   if (call.parsed()) return RunCall(flags);

#ifndef RINGDIST_TOOLS_RINGDIST_CALL_H_
#define RINGDIST_TOOLS_RINGDIST_CALL_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/time/time.h"
#include "ringdist/proto/term.h"
#include "ringdist/tools/ringdist_flags.h"

namespace ringdist {

struct CallFlags {
  NodeFlags node;    // Without a name: one that nobody has.
  std::string peer;  // As written.
  std::string module;
  std::string function;
  Term arguments;  // A proper list; empty() is [].
  absl::Duration timeout = absl::Seconds(5);
};

// `flags` outlives `app`.
CLI::App& AddCallCommand(CLI::App& app, CallFlags& flags);

// Calls; an ExitStatus: success if the function returned. Once per process.
int RunCall(const CallFlags& flags);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_RINGDIST_CALL_H_
