#include "ringdist/bench/load/dist_load_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "ringdist/bench/load/compare_command.h"
#include "ringdist/bench/load/file_text.h"
#include "ringdist/bench/load/live_line.h"
#include "ringdist/bench/load/load_flags.h"
#include "ringdist/bench/load/payload_mix.h"
#include "ringdist/bench/load/percentile_text.h"
#include "ringdist/bench/load/plot.h"
#include "ringdist/bench/load/report.h"
#include "ringdist/bench/load/result_json.h"
#include "ringdist/bench/load/result_text.h"
#include "ringdist/bench/load/series_csv.h"
#include "ringdist/bench/load/serve_command.h"
#include "ringdist/tools/help_formatter.h"
#include "ringdist/tools/ringdist_output.h"
#include "ringdist/tools/stop_signals.h"

namespace ringdist {
namespace {

constexpr char kDescription[] =
    "Measures what a node carries: ringdist, a real Erlang node or a C node.\n"
    "\n"
    "Without arguments it starts a ringdist node in another process and "
    "measures, in\n"
    "about 10 s, a stream of small messages to it, one of large messages, and "
    "round\n"
    "trips: the canonical run. --serve measures the same with another peer, "
    "--workload\n"
    "measures one load.\n"
    "\n"
    "Every message has a number and is checked by who receives it: what is "
    "lost,\n"
    "duplicated, reordered or corrupted is told, and fails the run. Ctrl-C "
    "ends it\n"
    "with the results so far.\n";

constexpr char kExamples[] =
    "A CONDITION is a figure, <, <=, > or >=, and a value, in quotes: "
    "'p99<200us',\n"
    "'p99.9>=1ms', 'max>1s', 'rate<100k', 'bandwidth<1G', 'errors>0', "
    "'memory>8K',\n"
    "'blocked_p99>1ms'.\n"
    "\n"
    "Examples:\n"
    "  The canonical run; the same against a real Erlang node:\n"
    "    dist_load\n"
    "    dist_load --serve=beam\n"
    "  Round trips, and a stream of packets, measured five times:\n"
    "    dist_load --workload=echo --payload=64 --repeat=5\n"
    "    dist_load --workload=stream --level=packet --payload=24 --repeat=5\n"
    "  Latencies at a rate, on a page with plots:\n"
    "    dist_load --workload=echo --rate=20k --arrival=poisson "
    "--report=echo.html\n"
    "  The highest rate that keeps a promise:\n"
    "    dist_load --workload=echo --find_max --slo='p99<200us'\n"
    "  A node that runs already:\n"
    "    dist_load --workload=call --target=srv@localhost --dir=/run/nodes \\\n"
    "        --cookie=secret\n"
    "  Two nodes of the same kind:\n"
    "    dist_load --workload=stream --client=ei --serve=ei\n"
    "  In a script, and compared with what was before:\n"
    "    dist_load --workload=echo --rate=10k --fail_if='p99>1ms' "
    "--repeat=5 \\\n"
    "        --json=after.json && dist_load compare before.json after.json\n"
    "\n"
    "Exit status: 0; 1 if it could not be measured, something failed or a "
    "message was\n"
    "lost, duplicated, reordered or corrupted, or a --fail_if holds; 2 if the "
    "command\n"
    "line is wrong; 3 if less than 99 % of the --rate was reached.";

// Below the flags.
std::string Footer() {
  std::string text = "Mixes of payload sizes:\n";
  for (const NamedMix& mix : PayloadMix::Named()) {
    absl::StrAppend(&text, "  ", mix.name, ": ", mix.what, "\n    ", mix.shares,
                    "\n");
  }
  return absl::StrCat(text, "\n", kExamples);
}

// As they were given, but for the cookie: results are for others, too.
std::vector<std::string> RecordedArguments(int argc, char** argv) {
  constexpr absl::string_view kCookie = "--cookie";
  constexpr absl::string_view kHidden = "(not told)";
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view argument = argv[i];
    if (absl::StartsWith(argument, absl::StrCat(kCookie, "="))) {
      arguments.push_back(absl::StrCat(kCookie, "=", kHidden));
    } else {
      const bool is_cookie = i > 1 && argv[i - 1] == kCookie;
      arguments.emplace_back(is_cookie ? kHidden : argument);
    }
  }
  return arguments;
}

void PrintLoadError(absl::string_view message) {
  const std::string line = absl::StrCat("dist_load: ", message, "\n");
  fwrite(line.data(), 1, line.size(), stderr);
}

// What can be known before anything is measured.
absl::Status CheckOutputs(const LoadFlags& flags) {
  for (const std::string& path :
       {flags.json, flags.csv, flags.percentiles, flags.report}) {
    if (path.empty()) continue;
    const absl::Status writable = CheckWritable(path);
    if (!writable.ok()) return writable;
  }
  return flags.report.empty() ? absl::OkStatus() : CheckGnuplot();
}

absl::Status WriteOutputs(const LoadFlags& flags, const LoadResults& results) {
  std::vector<std::pair<std::string, std::string>> files;
  if (!flags.json.empty()) {
    files.emplace_back(flags.json, ResultsToJson(results));
  }
  if (!flags.csv.empty()) files.emplace_back(flags.csv, SeriesCsv(results));
  if (!flags.percentiles.empty()) {
    files.emplace_back(flags.percentiles,
                       PercentileText(MergedLatency(results.runs.front())));
  }
  for (const auto& [path, text] : files) {
    const absl::Status written = WriteFile(path, text);
    if (!written.ok()) return written;
  }
  return flags.report.empty() ? absl::OkStatus()
                              : WriteReport(results, flags.report);
}

// What the results come to; tells which conditions hold that should not.
LoadExitStatus Judge(const LoadFlags& flags, const LoadResults& results) {
  LoadExitStatus status = kLoadSuccess;
  for (const LoadRun& run : results.runs) {
    if (AchievedPart(run) < kAchieved) status = kLoadRateMissed;
  }
  for (const LoadRun& run : results.runs) {
    const bool found_none = run.search.has_value() && run.search->rate == 0;
    if (run.measurements.empty() || found_none || TotalErrors(run) > 0 ||
        TotalFaults(run).Total() > 0) {
      status = kLoadFailure;
    }
    for (const Condition& condition : flags.fail_if) {
      if (!condition.HoldsFor(run.measurements)) continue;
      PrintLoadError(absl::StrCat("--fail_if: ", run.name, ": ",
                                  condition.ToString(), " holds"));
      status = kLoadFailure;
    }
  }
  return status;
}

// Measures all there is to measure, and prints each run when it is done. An
// error leaves in `results` what was measured before it.
absl::Status MeasureAll(const LoadFlags& flags, const LoadRunner& runner,
                        const std::atomic<bool>& interrupted,
                        LoadResults& results) {
  LiveLine line;
  LoadSession session(runner, line, interrupted);
  for (LoadRun& planned : PlannedRuns(flags)) {
    if (interrupted) break;
    LoadRun& run = results.runs.emplace_back(std::move(planned));
    const absl::Status status = session.Measure(run, flags.slo);
    if (!flags.UsesStandardOutput()) {
      session.MeasureGenerator(run);
      const absl::Status printed =
          WriteFile("-", absl::StrCat(RunText(run), "\n"));
      if (!printed.ok()) return printed;
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Ends that do not have this load, which only they know, are the command
// line's mistake.
LoadExitStatus StatusOf(const absl::Status& error) {
  return absl::IsUnimplemented(error) || absl::IsInvalidArgument(error)
             ? kLoadUsageError
             : kLoadFailure;
}

int RunDistLoad(const LoadFlags& flags, std::vector<std::string> arguments,
                const LoadRunner& runner) {
  absl::Status status = CheckOutputs(flags);
  if (!status.ok()) {
    PrintLoadError(status.message());
    return kLoadFailure;
  }
  std::atomic<bool> interrupted = false;
  StopSignals signals([&interrupted](int) {
    interrupted = true;
    interrupted.notify_all();
  });
  LoadResults results;
  results.started = absl::Now();
  results.machine = Machine::Describe();
  results.arguments = std::move(arguments);
  status = MeasureAll(flags, runner, interrupted, results);
  if (!status.ok()) PrintLoadError(status.message());
  if (!flags.UsesStandardOutput()) {
    status.Update(WriteFile("-", MeasuredOnText(results.machine)));
  }
  const absl::Status written = WriteOutputs(flags, results);
  if (!written.ok()) PrintLoadError(written.message());
  if (!status.ok()) return StatusOf(status);
  if (!written.ok()) return kLoadFailure;
  return Judge(flags, results);
}

int Compare(const CompareFlags& flags) {
  const absl::StatusOr<int> status = RunCompare(flags);
  if (status.ok()) return *status;
  PrintLoadError(status.status().message());
  return kLoadUsageError;
}

int Serve(const ServeFlags& flags) {
  const absl::Status served = RunServe(flags);
  if (served.ok()) return kLoadSuccess;
  PrintLoadError(served.message());
  return StatusOf(served);
}

}  // namespace

int DistLoad(int argc, char** argv, const LoadRunner& runner) {
  CLI::App app(kDescription, "dist_load");
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("--help", "Print this and exit.");
  app.footer(Footer());
  LoadFlags flags;
  AddLoadFlags(app, flags);
  CompareFlags compare_flags;
  const CLI::App& compare = AddCompareCommand(app, compare_flags);
  ServeFlags serve_flags;
  const CLI::App& serve = AddServeCommand(app, serve_flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    const absl::string_view command = compare.parsed() ? "compare "
                                      : serve.parsed() ? "serve "
                                                       : "";
    PrintLoadError(
        absl::StrCat(error.what(), " (see dist_load ", command, "--help)"));
    return kLoadUsageError;
  }
  IgnoreSigpipe();
  if (compare.parsed()) return Compare(compare_flags);
  if (serve.parsed()) return Serve(serve_flags);
  return RunDistLoad(flags, RecordedArguments(argc, argv), runner);
}

}  // namespace ringdist
