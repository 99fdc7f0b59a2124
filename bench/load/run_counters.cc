#include "ringdist/bench/load/run_counters.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/load/process_usage.h"

namespace ringdist {
namespace {

double Difference(uint64_t after, uint64_t before) {
  return static_cast<double>(after) - static_cast<double>(before);
}

void AddFaults(const ServerReport& before, const ServerReport& after,
               Faults& faults) {
  faults.lost += after.lost - before.lost;
  faults.duplicated += after.duplicated - before.duplicated;
  faults.reordered += after.reordered - before.reordered;
  faults.corrupted += after.corrupted - before.corrupted;
}

}  // namespace

void RunCounters::Opened(const ServerReport& report) {
  (opened_.has_value() ? settled_ : opened_) = report;
}

void RunCounters::Cut(const ServerReport& report) {
  if (!first_cut_.has_value()) first_cut_ = report;
  last_cut_ = report;
}

void RunCounters::Settled(const ServerReport& report) {
  // Those of several connections come in any order.
  if (settled_.has_value() && settled_->time_ns > report.time_ns) return;
  settled_ = report;
}

void RunCounters::Begin(const EngineCounts& counts) {
  begin_ = UsageNow(counts);
}

void RunCounters::End(const EngineCounts& counts) { end_ = UsageNow(counts); }

RunCounters::Usage RunCounters::UsageNow(const EngineCounts& counts) {
  return {.counts = counts,
          .cpu_ns = ProcessCpuNs(),
          .memory_bytes = ResidentBytes()};
}

RunCounters::Usage RunCounters::UsageOf(const ServerReport& report) {
  return {
      .counts = {.enters = report.enters, .completions = report.completions},
      .cpu_ns = report.cpu_ns,
      .memory_bytes = report.memory_bytes};
}

void RunCounters::AddTo(const LoadSpec& spec, const LoadPlan& plan,
                        Measurement& measurement) const {
  std::map<std::string, double>& counters = measurement.counters;
  const auto add = [&](absl::string_view end, const Usage& begin,
                       const Usage& now) {
    const auto set = [&](absl::string_view what, double value) {
      counters[absl::StrCat(end, "_", what)] = value;
    };
    set("enters", Difference(now.counts.enters, begin.counts.enters));
    set("completions",
        Difference(now.counts.completions, begin.counts.completions));
    set("cpu_ns", Difference(now.cpu_ns, begin.cpu_ns));
    set("memory_bytes", static_cast<double>(now.memory_bytes));
  };
  if (begin_.has_value() && end_.has_value()) {
    add(plan.receives ? "receiver" : "sender", *begin_, *end_);
  }
  if (!opened_.has_value() || !settled_.has_value()) return;
  const ServerReport& first = first_cut_.value_or(*opened_);
  const ServerReport& last = last_cut_.value_or(*settled_);
  add(plan.receives ? "sender" : "receiver", UsageOf(first), UsageOf(last));
  AddFaults(*opened_, *settled_, measurement.faults);
  if (plan.floods && plan.asks.has_value()) {
    counters["large_messages"] = Difference(last.messages, first.messages);
    counters["large_bytes_per_second"] =
        Difference(last.bytes, first.bytes) * 1e9 /
        Difference(last.time_ns, first.time_ns);
  }
  if (plan.idles && spec.connections > 1) {
    counters["server_memory_per_connection"] =
        Difference(settled_->memory_bytes, opened_->memory_bytes) /
        (spec.connections - 1);
  }
}

}  // namespace ringdist
