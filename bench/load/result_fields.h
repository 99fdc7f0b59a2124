// The fields of the result files, each named once for writing and for reading:
// Fields(field, value) calls field("name", value.member) for each of them. An
// implementation detail of result_json.cc.

#ifndef RINGDIST_BENCH_LOAD_RESULT_FIELDS_H_
#define RINGDIST_BENCH_LOAD_RESULT_FIELDS_H_

#include <type_traits>

#include "ringdist/bench/load/load_results.h"

namespace ringdist {

// T is Struct, or const Struct when it is written.
template <typename T, typename Struct>
concept IsOrIsConst = std::is_same_v<std::remove_const_t<T>, Struct>;

template <typename Field, IsOrIsConst<PayloadShare> T>
void Fields(Field& field, T& share) {
  field("bytes", share.bytes);
  field("weight", share.weight);
}

// Not the cookie, and not the directory, which is another one each time.
template <typename Field, IsOrIsConst<LoadSpec> T>
void Fields(Field& field, T& spec) {
  field("workload", spec.workload);
  field("level", spec.level);
  field("client", spec.client);
  field("server", spec.server);
  field("target", spec.target);
  field("payload", spec.payload);
  field("large_bytes", spec.large_bytes);
  field("connections", spec.connections);
  field("window", spec.window);
  field("slow_consumer_ns", spec.slow_consumer);
  field("stall_ns", spec.stall);
  field("verify", spec.verify);
  field("arrival", spec.arrival);
  field("rate", spec.rate);
  field("burst", spec.burst);
  field("seed", spec.seed);
  field("warmup_ns", spec.warmup);
  field("duration_ns", spec.duration);
  field("repeat", spec.repeat);
  field("interval_ns", spec.interval);
  field("busy_poll_ns", spec.busy_poll);
  field("client_cpu", spec.client_cpu);
  field("server_cpu", spec.server_cpu);
  field("beam_schedulers", spec.beam_schedulers);
  field("ei_buffered", spec.ei_buffered);
}

template <typename Field, IsOrIsConst<Machine> T>
void Fields(Field& field, T& machine) {
  field("kernel", machine.kernel);
  field("cpu", machine.cpu);
  field("cpus", machine.cpus);
  field("memory_bytes", machine.memory_bytes);
  field("is_virtual", machine.is_virtual);
  field("commit", machine.commit);
  field("build", machine.build);
}

template <typename Field, IsOrIsConst<Faults> T>
void Fields(Field& field, T& faults) {
  field("lost", faults.lost);
  field("duplicated", faults.duplicated);
  field("reordered", faults.reordered);
  field("corrupted", faults.corrupted);
}

template <typename Field, IsOrIsConst<Interval> T>
void Fields(Field& field, T& interval) {
  field("start_ns", interval.start);
  field("messages", interval.messages);
  field("bytes", interval.bytes);
  field("errors", interval.errors);
  field("p50_ns", interval.p50_ns);
  field("p99_ns", interval.p99_ns);
  field("max_ns", interval.max_ns);
}

template <typename Field, IsOrIsConst<Measurement> T>
void Fields(Field& field, T& measurement) {
  field("duration_ns", measurement.duration);
  field("messages", measurement.messages);
  field("bytes", measurement.bytes);
  field("asked_rate", measurement.asked_rate);
  field("interrupted", measurement.interrupted);
  field("errors", measurement.errors);
  field("first_error", measurement.first_error);
  field("faults", measurement.faults);
  field("latency", measurement.latency);
  field("blocked", measurement.blocked);
  field("series", measurement.series);
  field("counters", measurement.counters);
}

template <typename Field, IsOrIsConst<GeneratorCost> T>
void Fields(Field& field, T& cost) {
  field("ns_per_message", cost.nanoseconds);
  field("unknown", cost.unknown);
}

template <typename Field, IsOrIsConst<RateStep> T>
void Fields(Field& field, T& step) {
  field("rate", step.rate);
  field("achieved", step.achieved);
  field("value", step.value);
  field("failure", step.failure);
}

template <typename Field, IsOrIsConst<RateSearch> T>
void Fields(Field& field, T& search) {
  field("slo", search.slo);
  field("rate", search.rate);
  field("interrupted", search.interrupted);
  field("steps", search.steps);
}

template <typename Field, IsOrIsConst<LoadRun> T>
void Fields(Field& field, T& run) {
  field("name", run.name);
  field("spec", run.spec);
  field("generator", run.generator);
  field("search", run.search);
  field("measurements", run.measurements);
}

template <typename Field, IsOrIsConst<LoadResults> T>
void Fields(Field& field, T& results) {
  field("started", results.started);
  field("arguments", results.arguments);
  field("machine", results.machine);
  field("runs", results.runs);
}

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_RESULT_FIELDS_H_
