#include "ringdist/bench/load/load_flags.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ringdist/bench/load/load_text.h"
#include "ringdist/bench/load/payload_mix.h"
#include "ringdist/tools/ringdist_flags.h"

namespace ringdist {
namespace {

constexpr int kManyConnections = 100;
constexpr int kIdleConnections = 1000;

// Adds a flag whose value is one of an enum's names.
template <typename Enum>
CLI::Option* AddNameFlag(CLI::App& app, const std::string& name,
                         const std::string& type,
                         const std::string& description, Enum& value) {
  return AddFlag(
      app, name, type, description,
      [&value](const std::string& text) { return ParseName(text, value); });
}

CLI::Option* AddTimeFlag(CLI::App& app, const std::string& name,
                         const std::string& description,
                         absl::Duration& value) {
  return AddFlag(
      app, name, "TIME", description,
      [&value](const std::string& text) { return ParseTime(text, value); });
}

CLI::Option* AddIntegerFlag(CLI::App& app, const std::string& name,
                            const std::string& description, int& value) {
  return AddFlag(app, name, "N", description,
                 [&value](const std::string& text) {
                   if (absl::SimpleAtoi(text, &value)) return absl::OkStatus();
                   return absl::InvalidArgumentError(
                       absl::StrCat("\"", text, "\" is no whole number"));
                 });
}

void AddFileFlag(CLI::App& app, const std::string& name,
                 const std::string& description, std::string& path) {
  app.add_option(name, path, description)->type_name("FILE");
}

// As ParseName, but for closed, which is a matter of --mode.
absl::Status ParseOpenArrival(absl::string_view text, Arrival& arrival) {
  Arrival parsed = Arrival::kClosed;
  const absl::Status status = ParseName(text, parsed);
  if (status.ok() && parsed != Arrival::kClosed) {
    arrival = parsed;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is none of constant, poisson, burst"));
}

// Puts the flags that have been added since the last time under a heading.
void Group(CLI::App& app, const std::string& heading) {
  for (CLI::Option* const flag : app.get_options()) {
    if (flag->get_group() == "Options" && flag->get_name() != "--help") {
      flag->group(heading);
    }
  }
}

void AddWhatFlags(CLI::App& app, LoadFlags& flags) {
  LoadSpec& spec = flags.spec;
  AddNameFlag(app, "--workload", "WORKLOAD",
              "stream: one way, to the target;\n"
              "echo: round trips;\n"
              "connect: handshakes, one after the other;\n"
              "call: of a function that returns its argument,\n"
              "by erpc;\n"
              "fanin: streams of many connections;\n"
              "fanout: streams of the target to many connections;\n"
              "mixed: round trips of small messages beside a\n"
              "stream of large ones;\n"
              "idle: connections that are held, and their memory.\n"
              "Default: the canonical run (see above).",
              spec.workload);
  AddNameFlag(app, "--level", "LEVEL",
              "packet: distribution packets with bytes of ours;\n"
              "node: Erlang messages to a registered name.\n"
              "Default: node, or packet if an end is no node.",
              spec.level);
  AddFlag(app, "--payload", "SIZE",
          "Bytes of a message: 0, 64, 4K, 1M; or shares of\n"
          "sizes: 64x0.9+64Kx0.1; or a mix by name (see below).\n"
          "At packet level 8 bytes come on top. Default: 16.",
          [&spec](const std::string& text) {
            return PayloadMix::Parse(text, spec.payload);
          });
  AddFlag(app, "--large", "SIZE",
          "mixed: bytes of the large ones. Default: 64M.",
          [&spec](const std::string& text) {
            return PayloadMix::ParseBytes(text, spec.large_bytes);
          });
  AddIntegerFlag(app, "--connections",
                 "Default: 1; 100 for fanin and fanout, 1000 for\n"
                 "idle.",
                 spec.connections);
  AddIntegerFlag(app, "--window",
                 "Messages on their way, per connection. Default: 1\n"
                 "for round trips, as many as a connection takes for\n"
                 "streams. Streams with a window have latencies.",
                 spec.window);
  AddTimeFlag(app, "--slow_consumer",
              "The target takes so long for each message.", spec.slow_consumer);
  AddTimeFlag(app, "--stall",
              "The target stops once for so long, half-way: to see\n"
              "that the latencies show it.",
              spec.stall);
  AddNameFlag(app, "--verify", "HOW",
              "What of each message is compared, beside its\n"
              "number: numbers: nothing; ends: the first and last\n"
              "bytes; full: all bytes. Default: ends.",
              spec.verify);
  Group(app, "The load");
}

void AddEndFlags(CLI::App& app, LoadFlags& flags) {
  LoadSpec& spec = flags.spec;
  CLI::Option* const target =
      AddFlag(app, "--target", "NODE",
              "A node that runs already, alive@host, in --dir. It\n"
              "needs nothing on its disk: a module is loaded into\n"
              "it, and taken out again.",
              [&spec](const std::string& text) {
                return ParseNode(text, spec.target);
              });
  AddNameFlag(app, "--serve", "PEER",
              "What to start as the target, in a process of its\n"
              "own: ringdist; beam (a real Erlang node over\n"
              "erl_uds), beam_tcp, ei (a C node); or what only\n"
              "moves framed bytes: epoll, uring, plain (blocking\n"
              "read and write), spin; or null, which takes and\n"
              "answers within the generator. Default: ringdist.",
              spec.server)
      ->excludes(target);
  AddNameFlag(app, "--client", "PEER",
              "What generates the load: as --serve, without null.\n"
              "Default: ringdist; as --serve if that is beam_tcp or\n"
              "only moves framed bytes.",
              spec.client);
  AddIntegerFlag(app, "--client_cpu",
                 "The CPU of the generator; -1: any. Default: 0.",
                 spec.client_cpu);
  AddIntegerFlag(app, "--server_cpu",
                 "The CPU of the target that is started. Default: 1.",
                 spec.server_cpu);
  AddTimeFlag(app, "--busy_poll",
              "Both ends look so long for more before they sleep.",
              spec.busy_poll);
  AddIntegerFlag(app, "--beam_schedulers",
                 "Of a BEAM that is started; 0: as many as it takes.\n"
                 "With 1 it is pinned to its CPU. Default: 0.",
                 spec.beam_schedulers);
  app.add_flag("--ei_buffered", spec.ei_buffered,
               "ei nodes gather what they write, and read ahead;\n"
               "ei itself has a system call or two per message.");
  app.add_option("--cookie", spec.cookie,
                 "The cookie, which --target needs. Everybody on this\n"
                 "machine can see it with ps. Default: dist_load.")
      ->type_name("COOKIE");
  app.add_option("--dir", spec.directory,
                 "The directory of the sockets. Default: a temporary\n"
                 "one; with --target, the current one.")
      ->type_name("DIR");
  Group(app, "The ends");
}

void AddPaceFlags(CLI::App& app, LoadFlags& flags) {
  LoadSpec& spec = flags.spec;
  app.add_option("--mode",
                 "closed: each message as soon as the window has\n"
                 "room, for the maximal throughput; open: when it is\n"
                 "due, whatever the target does. Default: open with\n"
                 "--rate, otherwise closed.")
      ->type_name("MODE")
      ->check([](const std::string& text) -> std::string {
        return text == "closed" || text == "open"
                   ? ""
                   : absl::StrCat("\"", text, "\" is none of closed, open");
      });
  AddFlag(app, "--rate", "R",
          "Messages per second, of all connections together:\n"
          "500, 20k, 1.5M. Latencies count from when a message\n"
          "was due. With --find_max: where it begins.",
          [&spec](const std::string& text) {
            return ParseNumber(text, spec.rate);
          });
  AddFlag(app, "--arrival", "HOW",
          "When messages are due: constant: at equal\n"
          "distances; poisson: independently; burst: --burst\n"
          "of them at once. Default: constant.",
          [&spec](const std::string& text) {
            return ParseOpenArrival(text, spec.arrival);
          });
  AddIntegerFlag(app, "--burst", "Messages of a burst. Default: 100.",
                 spec.burst);
  AddFlag(app, "--seed", "N",
          "Of poisson, and of the order of a mix. Default: 1.",
          [&spec](const std::string& text) {
            if (absl::SimpleAtoi(text, &spec.seed)) return absl::OkStatus();
            return absl::InvalidArgumentError(
                absl::StrCat("\"", text, "\" is no whole number from 0 on"));
          });
  app.add_flag("--find_max")
      ->description(
          "Search the highest rate at which --slo holds, to\n"
          "2 %.");
  AddFlag(app, "--slo", "CONDITION",
          "What --find_max keeps: 'p99<200us' (see below).",
          [&flags](const std::string& text) {
            return Condition::Parse(text, flags.slo.emplace());
          });
  Group(app, "The pace");
}

void AddTimeFlags(CLI::App& app, LoadFlags& flags) {
  LoadSpec& spec = flags.spec;
  AddTimeFlag(app, "--warmup",
              "Before each measurement, and not in it. Default: 1s;\n"
              "300ms with --find_max.",
              spec.warmup);
  AddTimeFlag(app, "--duration",
              "Of each measurement. Default: 3s; 1s with\n"
              "--find_max.",
              spec.duration);
  AddIntegerFlag(app, "--repeat",
                 "How often to measure: medians and spreads are told.\n"
                 "Default: 1.",
                 spec.repeat);
  AddTimeFlag(app, "--interval", "Of the time series. Default: 100ms.",
              spec.interval);
  Group(app, "The times");
}

void AddOutputFlags(CLI::App& app, LoadFlags& flags) {
  AddFileFlag(app, "--json",
              "Write all there is as JSON, version 1 of the schema\n"
              "in bench/load/result_json.h; for `dist_load compare`.\n"
              "-: to standard output, instead of the tables; so do\n"
              "the next two.",
              flags.json);
  AddFileFlag(app, "--csv", "Write the time series as CSV.", flags.csv);
  AddFileFlag(app, "--percentiles",
              "Write the latencies, in microseconds, as HdrHistogram\n"
              "prints percentiles.",
              flags.percentiles);
  app.add_option("--report", flags.report,
                 "Write a page with tables and plots, and the plots as\n"
                 "PNGs beside it. Needs gnuplot.")
      ->type_name("FILE.html");
  AddRepeatableFlag(app, "--fail_if", "CONDITION",
                    "Exit with 1 if it holds for the medians: 'p99>1ms'.\n"
                    "Can be given several times.",
                    [&flags](const std::string& text) {
                      return Condition::Parse(text,
                                              flags.fail_if.emplace_back());
                    });
  Group(app, "What is told");
}

// What only one load has, and not the canonical run.
constexpr const char* kFlagsOfOneLoad[] = {
    "--payload",  "--large", "--connections", "--window",       "--stall",
    "--mode",     "--rate",  "--arrival",     "--burst",        "--seed",
    "--find_max", "--slo",   "--percentiles", "--slow_consumer"};

void Refuse(const CLI::App& app, absl::string_view flag,
            absl::string_view why) {
  if (app.count(std::string(flag)) == 0) return;
  ThrowUsageError(absl::StrCat(flag, ": ", why));
}

void CompleteCanonical(const CLI::App& app, LoadFlags& flags) {
  for (const char* flag : kFlagsOfOneLoad) {
    Refuse(app, flag, "give a --workload, too");
  }
  if (app.count("--warmup") == 0) flags.spec.warmup = absl::Milliseconds(500);
  if (app.count("--duration") == 0) {
    flags.spec.duration = absl::Milliseconds(2500);
  }
}

// --mode, --rate, --arrival and --find_max say together what the loop is.
void CompletePace(const CLI::App& app, LoadFlags& flags) {
  LoadSpec& spec = flags.spec;
  const bool finds = app.count("--find_max") > 0;
  const std::string mode =
      app.count("--mode") > 0 ? app["--mode"]->as<std::string>() : "";
  const bool is_open = finds || app.count("--rate") > 0;
  if (finds && !flags.slo.has_value()) {
    ThrowUsageError("--find_max: give the --slo to keep, such as 'p99<200us'");
  }
  if (!finds) Refuse(app, "--slo", "give --find_max, too; or --fail_if");
  if (mode == "closed") {
    Refuse(app, "--rate", "a closed loop has none; leave out --mode=closed");
    Refuse(app, "--find_max", "needs an open loop; leave out --mode=closed");
  }
  if (mode == "open" && !is_open) {
    ThrowUsageError("--mode=open: give the --rate, or --find_max");
  }
  if (!is_open) {
    Refuse(app, "--arrival", "give the --rate, too");
    Refuse(app, "--burst", "give the --rate and --arrival=burst, too");
    return;
  }
  if (app.count("--arrival") == 0) spec.arrival = Arrival::kConstant;
  if (spec.arrival != Arrival::kBurst) {
    Refuse(app, "--burst", "give --arrival=burst, too");
  }
}

void CompleteTimes(const CLI::App& app, LoadFlags& flags) {
  if (!flags.slo.has_value()) return;
  if (app.count("--warmup") == 0) flags.spec.warmup = absl::Milliseconds(300);
  if (app.count("--duration") == 0) flags.spec.duration = absl::Seconds(1);
}

void CompleteLoad(const CLI::App& app, LoadSpec& spec) {
  if (app.count("--connections") == 0) {
    const bool has_many =
        spec.workload == Workload::kFanIn || spec.workload == Workload::kFanOut;
    if (has_many) spec.connections = kManyConnections;
    if (spec.workload == Workload::kIdle) spec.connections = kIdleConnections;
  }
  if (spec.workload != Workload::kMixed) {
    Refuse(app, "--large", "give --workload=mixed, too");
  }
}

void CompleteEnds(const CLI::App& app, LoadSpec& spec) {
  // What talks with nobody else.
  const bool is_alone = IsBare(spec.server) || spec.server == Peer::kBeamTcp;
  if (app.count("--client") == 0 && is_alone) spec.client = spec.server;
  if (app.count("--level") == 0 && IsBare(spec.client)) {
    spec.level = Level::kPacket;
  }
  if (spec.directory.empty() && !spec.target.empty()) spec.directory = ".";
  // Where there is one CPU, both ends share it.
  if (app.count("--server_cpu") == 0 &&
      std::thread::hardware_concurrency() == 1) {
    spec.server_cpu = 0;
  }
}

// A condition on latencies that there will not be would never hold.
void CheckLatencies(const CLI::App& app, const LoadFlags& flags) {
  if (flags.is_canonical || HasLatency(flags.spec)) return;
  constexpr char kWhy[] =
      "this load has no latencies; give a --rate or a --window, or measure "
      "round trips";
  Refuse(app, "--percentiles", kWhy);
  std::vector<std::pair<const char*, Condition>> conditions;
  if (flags.slo.has_value()) conditions.emplace_back("--slo", *flags.slo);
  for (const Condition& condition : flags.fail_if) {
    conditions.emplace_back("--fail_if", condition);
  }
  for (const auto& [flag, condition] : conditions) {
    if (condition.metric.IsLatency()) Refuse(app, flag, kWhy);
  }
}

void CheckOutputs(const LoadFlags& flags) {
  const std::string* const kPaths[] = {&flags.json, &flags.csv,
                                       &flags.percentiles};
  const auto is_output = [](const std::string* path) { return *path == "-"; };
  if (std::count_if(std::begin(kPaths), std::end(kPaths), is_output) > 1) {
    ThrowUsageError("only one of --json, --csv and --percentiles can be -");
  }
  if (!flags.report.empty() && !absl::EndsWith(flags.report, ".html")) {
    ThrowUsageError(
        absl::StrCat("--report: \"", flags.report, "\" is no FILE.html"));
  }
}

void Complete(const CLI::App& app, LoadFlags& flags) {
  flags.is_canonical = app.count("--workload") == 0;
  if (flags.is_canonical) {
    CompleteCanonical(app, flags);
  } else {
    CompletePace(app, flags);
    CompleteTimes(app, flags);
    CompleteLoad(app, flags.spec);
  }
  CompleteEnds(app, flags.spec);
  CheckLatencies(app, flags);
  CheckOutputs(flags);
  for (const LoadRun& run : PlannedRuns(flags)) {
    LoadSpec spec = run.spec;
    // The search chooses the rate.
    if (flags.slo.has_value() && spec.rate == 0) spec.rate = 1;
    const absl::Status valid = spec.Validate();
    if (!valid.ok()) ThrowUsageError(valid.message());
  }
}

LoadRun CanonicalRun(const LoadFlags& flags, std::string name,
                     Workload workload, size_t payload_bytes) {
  LoadRun run;
  run.name = std::move(name);
  run.spec = flags.spec;
  run.spec.workload = workload;
  run.spec.payload = {{payload_bytes, 1}};
  return run;
}

}  // namespace

bool LoadFlags::UsesStandardOutput() const {
  return json == "-" || csv == "-" || percentiles == "-";
}

void AddLoadFlags(CLI::App& app, LoadFlags& flags) {
  AddWhatFlags(app, flags);
  AddEndFlags(app, flags);
  AddPaceFlags(app, flags);
  AddTimeFlags(app, flags);
  AddOutputFlags(app, flags);
  app.callback([&app, &flags] {
    // A subcommand has flags of its own.
    if (app.get_subcommands().empty()) Complete(app, flags);
  });
}

std::vector<LoadRun> PlannedRuns(const LoadFlags& flags) {
  if (flags.is_canonical) {
    return {CanonicalRun(flags, "stream", Workload::kStream, 16),
            CanonicalRun(flags, "stream_large", Workload::kStream, 64 * 1024),
            CanonicalRun(flags, "echo", Workload::kEcho, 64)};
  }
  LoadRun run;
  run.name = std::string(ToString(flags.spec.workload));
  run.spec = flags.spec;
  return {run};
}

}  // namespace ringdist
