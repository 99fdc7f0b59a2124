// ringdist: the command. See ringdist --help.

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ringdist/tools/help_formatter.h"
#include "ringdist/tools/ringdist_call.h"
#include "ringdist/tools/ringdist_dump.h"
#include "ringdist/tools/ringdist_info.h"
#include "ringdist/tools/ringdist_output.h"
#include "ringdist/tools/ringdist_ping.h"
#include "ringdist/tools/ringdist_send.h"
#include "ringdist/tools/ringdist_serve.h"
#include "ringdist/tools/ringdist_watch.h"

namespace ringdist {
namespace {

constexpr char kVersion[] = "ringdist 0.1.0";

constexpr char kDescription[] =
    "Nodes of a distributed Erlang system, in C++: they talk with each other "
    "and\n"
    "with real Erlang nodes (erl -proto_dist erl_uds) over Unix domain "
    "sockets.\n";

constexpr char kExamples[] =
    "Examples:\n"
    "  ringdist serve --name=cpp@localhost --dir=/run/nodes\n"
    "  ringdist ping cpp@localhost --dir=/run/nodes\n"
    "  ringdist send srv@localhost logger '{hello, 1}' --dir=/run/nodes\n"
    "  ringdist call srv@localhost lists seq '[1, 10]' --dir=/run/nodes\n"
    "  ringdist watch srv@localhost --dir=/run/nodes\n"
    "  ringdist serve --help";

int ExplainUsageError(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<CLI::App*> commands = app.get_subcommands();
  if (!commands.empty()) {
    PrintError(absl::StrCat(error.what(), " (see ringdist ",
                            commands.front()->get_name(), " --help)"));
    return kUsageError;
  }
  const std::vector<std::string> arguments = app.remaining();
  const std::string command =
      arguments.empty() ? "command" : absl::StrCat("command ", arguments[0]);
  PrintError(absl::StrCat(
      "there is no ", command,
      "; write ringdist serve, ping, send, call, info, watch or dump (see "
      "ringdist --help)"));
  return kUsageError;
}

int Main(int argc, char** argv) {
  CLI::App app(kDescription, "ringdist");
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("--help", "Print this and exit.");
  app.set_version_flag("--version", kVersion, "Print the version and exit.");
  app.require_subcommand(1);
  app.footer(kExamples);
  ServeFlags serve_flags;
  PingFlags ping_flags;
  SendFlags send_flags;
  CallFlags call_flags;
  InfoFlags info_flags;
  WatchFlags watch_flags;
  DumpFlags dump_flags;
  const CLI::App& serve = AddServeCommand(app, serve_flags);
  const CLI::App& ping = AddPingCommand(app, ping_flags);
  const CLI::App& send = AddSendCommand(app, send_flags);
  const CLI::App& call = AddCallCommand(app, call_flags);
  const CLI::App& info = AddInfoCommand(app, info_flags);
  const CLI::App& watch = AddWatchCommand(app, watch_flags);
  AddDumpCommand(app, dump_flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return ExplainUsageError(app, error);
  }
  if (serve.parsed()) return RunServe(serve_flags);
  if (ping.parsed()) return RunPing(ping_flags);
  if (send.parsed()) return RunSend(send_flags);
  if (call.parsed()) return RunCall(call_flags);
  if (info.parsed()) return RunInfo(info_flags);
  if (watch.parsed()) return RunWatch(watch_flags);
  return RunDump(dump_flags);
}

}  // namespace
}  // namespace ringdist

// What CLI11 throws beyond usage errors are mistakes in its set-up above.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) { return ringdist::Main(argc, argv); }
