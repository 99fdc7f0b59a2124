// `ringdist send`: {Name, Node} ! Term as a command.
//
//   SendFlags flags;
//   CLI::App& send = AddSendCommand(app, flags);
//   app.parse(argc, argv);
//   if (send.parsed()) return RunSend(flags);

#ifndef RINGDIST_TOOLS_RINGDIST_SEND_H_
#define RINGDIST_TOOLS_RINGDIST_SEND_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/time/time.h"
#include "ringdist/proto/term.h"
#include "ringdist/tools/ringdist_flags.h"

namespace ringdist {

struct SendFlags {
  NodeFlags node;    // Without a name: one that nobody has.
  std::string peer;  // As written.
  std::string name;
  Term term;
  absl::Duration timeout = absl::Seconds(7);
};

// `flags` outlives `app`.
CLI::App& AddSendCommand(CLI::App& app, SendFlags& flags);

// Sends; an ExitStatus: success if the peer has taken it. Once per process.
int RunSend(const SendFlags& flags);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_RINGDIST_SEND_H_
