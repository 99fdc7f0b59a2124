// The flags that the subcommands share, and how a flag is parsed: a text is
// turned into a value, or refused with what to write instead.
//
//   NodeFlags flags;
//   AddNodeFlags(*app.add_subcommand("serve"), flags);
//   AddFlag(app, "--interval", "DURATION", "Time between two pings.",
//           [&](const std::string& text) {
//             return ParseDuration(text, options.interval);
//           });

#ifndef RINGDIST_TOOLS_RINGDIST_FLAGS_H_
#define RINGDIST_TOOLS_RINGDIST_FLAGS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/term.h"
#include "ringdist/runtime/distribution_options.h"
#include "ringdist/tools/ringdist_output.h"

namespace ringdist {

// What the commands that run a node have: which node, in which network, told
// how.
struct NodeFlags {
  DistributionOptions distribution;
  std::string cookie_file;  // Empty: where Erlang finds it.
  Output::Format format = Output::Format::kText;
};

// Adds --cookie, --cookie_file, --dir, --setup_time, --protocol_version and
// --json. `flags` outlives `app`.
void AddNodeFlags(CLI::App& app, NodeFlags& flags);

// For a command that visits a node: adds --name, which need not be given, and
// --timeout.
void AddVisitorFlags(CLI::App& app, NodeFlags& flags, absl::Duration& timeout,
                     const std::string& timeout_description);
// Invents a name beside `peer` if there is none, and validates. A usage error
// is thrown, as ThrowUsageError does.
void CompleteVisitor(NodeFlags& flags, const std::string& peer);

// Checks what the flags say together, by the rules of DistributionOptions. The
// error names the flag.
absl::Status ValidateNodeFlags(const NodeFlags& flags);

// The options of the node that the flags describe: finds its cookie.
absl::StatusOr<DistributionOptions> NodeOptionsOf(const NodeFlags& flags);

// Adds NAME=TYPE. `parse` stores the value, or says why there is none: a usage
// error that begins with the flag's name.
using ParseFlag = std::function<absl::Status(const std::string& text)>;
CLI::Option* AddFlag(CLI::App& app, const std::string& name,
                     const std::string& type, const std::string& description,
                     const ParseFlag& parse);
// As AddFlag, for one that may be given several times.
CLI::Option* AddRepeatableFlag(CLI::App& app, const std::string& name,
                               const std::string& type,
                               const std::string& description,
                               const ParseFlag& parse);

// Each stores what `text` says. InvalidArgument says what to write instead.
absl::Status ParseDuration(absl::string_view text, absl::Duration& value);
absl::Status ParsePositive(absl::string_view text, int& value);
absl::Status ParseNode(absl::string_view text, std::string& value);
absl::Status ParseAtom(absl::string_view text, std::string& value);
// A term in Erlang's syntax.
absl::Status ParseTermText(absl::string_view text, Term& value);

// The exception by which CLI11 is told of a usage error.
[[noreturn]] void ThrowUsageError(absl::string_view message);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_RINGDIST_FLAGS_H_
