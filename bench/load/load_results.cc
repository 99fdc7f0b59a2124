#include "ringdist/bench/load/load_results.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "ringdist/bench/load/load_text.h"
#include "ringdist/bench/load/spread.h"

namespace ringdist {
namespace {

std::string Plural(int count, absl::string_view noun) {
  return absl::StrCat(CountText(count), " ", noun, count == 1 ? "" : "s");
}

std::string PayloadText(const std::vector<PayloadShare>& payload) {
  if (payload.size() == 1) {
    return SizeText(static_cast<double>(payload.front().bytes));
  }
  return absl::StrCat(ToString(payload), " B");
}

std::string CpuText(int cpu) {
  return cpu < 0 ? " (any cpu)" : absl::StrCat(" (cpu ", cpu, ")");
}

bool HasPayload(Workload workload) {
  return workload != Workload::kConnect && workload != Workload::kIdle;
}

std::string WindowText(const LoadSpec& spec) {
  if (!HasPayload(spec.workload)) return "";
  if (spec.window > 0) return absl::StrCat(", ", spec.window, " in flight");
  return IsOneWay(spec.workload) ? "" : ", 1 in flight";
}

}  // namespace

Histogram MergedLatency(const LoadRun& run) {
  Histogram merged;
  for (const Measurement& measurement : run.measurements) {
    merged.Merge(measurement.latency);
  }
  return merged;
}

Faults TotalFaults(const LoadRun& run) {
  Faults total;
  for (const Measurement& measurement : run.measurements) {
    total.lost += measurement.faults.lost;
    total.duplicated += measurement.faults.duplicated;
    total.reordered += measurement.faults.reordered;
    total.corrupted += measurement.faults.corrupted;
  }
  return total;
}

uint64_t TotalErrors(const LoadRun& run) {
  uint64_t errors = 0;
  for (const Measurement& measurement : run.measurements) {
    errors += measurement.errors;
  }
  return errors;
}

std::string FirstError(const LoadRun& run) {
  for (const Measurement& measurement : run.measurements) {
    if (measurement.errors > 0) return measurement.first_error;
  }
  return "";
}

bool IsInterrupted(const LoadRun& run) {
  const auto interrupted = [](const Measurement& measurement) {
    return measurement.interrupted;
  };
  return (run.search.has_value() && run.search->interrupted) ||
         std::any_of(run.measurements.begin(), run.measurements.end(),
                     interrupted);
}

double AchievedPart(const LoadRun& run) {
  std::vector<double> parts;
  for (const Measurement& measurement : run.measurements) {
    if (measurement.asked_rate > 0) {
      parts.push_back(measurement.Rate() / measurement.asked_rate);
    }
  }
  return parts.empty() ? 1 : Spread::Of(parts).median;
}

std::string DescribeLoad(const LoadSpec& spec) {
  std::string text(ToString(spec.workload));
  if (HasPayload(spec.workload)) {
    absl::StrAppend(&text, ", ", ToString(spec.level), " level, ",
                    PayloadText(spec.payload));
  }
  if (spec.workload == Workload::kMixed) {
    absl::StrAppend(&text, " beside ",
                    SizeText(static_cast<double>(spec.large_bytes)));
  }
  absl::StrAppend(&text, ", ", Plural(spec.connections, "connection"));
  return text;
}

std::string DescribeEnds(const LoadSpec& spec) {
  const std::string server =
      spec.target.empty()
          ? absl::StrCat(ToString(spec.server), spec.server == Peer::kNull
                                                    ? ""
                                                    : CpuText(spec.server_cpu))
          : spec.target;
  std::string text = absl::StrCat(ToString(spec.client),
                                  CpuText(spec.client_cpu), " to ", server);
  if (spec.beam_schedulers > 0) {
    absl::StrAppend(&text, ", ", Plural(spec.beam_schedulers, "scheduler"),
                    " of BEAM");
  }
  if (spec.ei_buffered) absl::StrAppend(&text, ", ei buffered");
  if (spec.busy_poll > absl::ZeroDuration()) {
    absl::StrAppend(&text, ", busy-polling ",
                    absl::FormatDuration(spec.busy_poll));
  }
  if (spec.slow_consumer > absl::ZeroDuration()) {
    absl::StrAppend(&text, ", ", absl::FormatDuration(spec.slow_consumer),
                    " for each message");
  }
  if (spec.stall > absl::ZeroDuration()) {
    absl::StrAppend(&text, ", one stall of ", absl::FormatDuration(spec.stall));
  }
  return text;
}

std::string DescribePace(const LoadSpec& spec) {
  if (spec.workload == Workload::kIdle) return "held";
  if (spec.arrival == Arrival::kClosed) {
    return absl::StrCat("closed loop", WindowText(spec));
  }
  std::string text = absl::StrCat("open loop, ", ToString(spec.arrival), " ",
                                  RateText(spec.rate));
  if (spec.arrival == Arrival::kBurst) {
    absl::StrAppend(&text, " in bursts of ", spec.burst);
  }
  return text;
}

std::string DescribeTimes(const LoadRun& run) {
  std::string text = absl::FormatDuration(run.spec.duration);
  if (run.spec.warmup > absl::ZeroDuration()) {
    absl::StrAppend(&text, " after ", absl::FormatDuration(run.spec.warmup),
                    " of warm-up");
  }
  const size_t times = run.measurements.size();
  if (times > 1) absl::StrAppend(&text, ", ", times, " times");
  return text;
}

bool IsOneWay(Workload workload) {
  return workload == Workload::kStream || workload == Workload::kFanIn ||
         workload == Workload::kFanOut;
}

bool HasLatency(const LoadSpec& spec) {
  if (spec.workload == Workload::kIdle) return false;
  if (!IsOneWay(spec.workload)) return true;
  // A stream is answered where its sender waits for that, or counts from when
  // it should have sent.
  if (spec.workload == Workload::kFanOut) return false;
  return spec.arrival != Arrival::kClosed || spec.window > 0 ||
         spec.slow_consumer > absl::ZeroDuration();
}

}  // namespace ringdist
