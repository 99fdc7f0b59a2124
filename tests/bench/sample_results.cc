#include "ringdist/tests/bench/sample_results.h"

namespace ringdist {
namespace {

Measurement EchoOf(uint64_t messages) {
  Measurement measurement;
  measurement.duration = absl::Seconds(1);
  measurement.messages = messages;
  measurement.bytes = 64 * messages;
  measurement.asked_rate = 1000;
  for (uint64_t i = 1; i <= messages; ++i) measurement.latency.Record(i * 1000);
  measurement.blocked.Record(1'500, messages);
  measurement.series = {{.start = absl::ZeroDuration(),
                         .messages = messages - 400,
                         .bytes = 64 * (messages - 400),
                         .errors = 0,
                         .p50_ns = 300'000,
                         .p99_ns = 590'000,
                         .max_ns = 600'000},
                        {.start = absl::Milliseconds(500),
                         .messages = 400,
                         .bytes = 64 * 400,
                         .errors = 0,
                         .p50_ns = 800'500,
                         .p99_ns = 990'000,
                         .max_ns = 1'000'000}};
  return measurement;
}

}  // namespace

LoadRun SampleEcho() {
  LoadRun run;
  run.name = "echo";
  run.spec.workload = Workload::kEcho;
  run.spec.level = Level::kPacket;
  run.spec.payload = {{64, 1}};
  run.spec.arrival = Arrival::kPoisson;
  run.spec.rate = 1000;
  run.spec.duration = absl::Seconds(1);
  run.spec.repeat = 3;
  run.measurements = {EchoOf(1000), EchoOf(990), EchoOf(1010)};
  run.generator.nanoseconds = 12.34;
  return run;
}

LoadRun SampleStream() {
  LoadRun run;
  run.name = "stream";
  run.spec.server = Peer::kBeam;
  run.spec.beam_schedulers = 1;
  run.spec.duration = absl::Milliseconds(500);
  run.spec.warmup = absl::ZeroDuration();
  Measurement& measurement = run.measurements.emplace_back();
  measurement.duration = absl::Milliseconds(500);
  measurement.messages = 2'000'000;
  measurement.bytes = 32'000'000;
  measurement.series = {{.start = absl::ZeroDuration(),
                         .messages = 2'000'000,
                         .bytes = 32'000'000}};
  measurement.counters = {{"receiver_enters", 500},
                          {"receiver_cpu_ns", 480e6},
                          {"receiver_memory_bytes", 9'162'752},
                          {"sender_completions", 2'000'000},
                          {"beam_reductions", 1234567}};
  run.generator.unknown = "the client is a beam";
  return run;
}

LoadResults SampleResults() {
  LoadResults results;
  results.started = absl::FromUnixSeconds(1'769'860'800);
  results.machine = {.kernel = "Linux 6.18.5 x86_64",
                     .cpu = "Test CPU",
                     .cpus = 2,
                     .memory_bytes = uint64_t{16} << 30,
                     .is_virtual = true,
                     .commit = "0123456789ab",
                     .build = "optimised"};
  results.arguments = {"--workload=echo", "--repeat=3"};
  results.runs = {SampleEcho(), SampleStream()};
  return results;
}

}  // namespace ringdist
