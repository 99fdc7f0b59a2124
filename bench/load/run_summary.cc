#include "ringdist/bench/load/run_summary.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "ringdist/bench/load/load_text.h"
#include "ringdist/bench/load/spread.h"

namespace ringdist {
namespace {

constexpr absl::string_view kEnds[] = {"receiver", "sender"};

// Of each end, with its name and "_" in front; told for each message, as the
// last one says.
struct EndCounter {
  absl::string_view name;
  absl::string_view text;
};
constexpr EndCounter kEndCounters[] = {
    {"enters", "kernel entries"},
    {"completions", "completions"},
    {"cpu_ns", "of CPU"},
};
constexpr char kMemory[] = "memory_bytes";  // Of each end: a total.
constexpr char kLargeBandwidth[] = "large_bytes_per_second";

// What one of the messages is, by workload.
absl::string_view NounOf(Workload workload) {
  switch (workload) {
    case Workload::kStream:
    case Workload::kFanIn:
    case Workload::kFanOut:
      return "messages";
    case Workload::kEcho:
    case Workload::kMixed:
      return "round trips";
    case Workload::kConnect:
      return "handshakes";
    case Workload::kCall:
      return "calls";
    case Workload::kIdle:
      return "connections";
  }
  return "";
}

Metric MetricOf(absl::string_view name) {
  Metric metric;
  Metric::Parse(name, metric).IgnoreError();  // All names here are known.
  return metric;
}

double MedianOf(const LoadRun& run, absl::string_view metric) {
  return Spread::Of(MetricOf(metric).OfAll(run.measurements)).median;
}

void AddRow(const LoadRun& run, absl::string_view name,
            absl::string_view metric_name, std::vector<FigureRow>& rows) {
  const Metric metric = MetricOf(metric_name);
  const std::vector<double> values = metric.OfAll(run.measurements);
  if (values.empty()) return;
  const Spread spread = Spread::Of(values);
  rows.push_back({std::string(name), metric.Text(spread.median),
                  metric.Text(spread.lowest), metric.Text(spread.highest),
                  PercentText(spread.Relative())});
}

// Of those measurements that have it.
std::vector<double> CounterValues(const LoadRun& run, absl::string_view name) {
  std::vector<double> values;
  for (const Measurement& measurement : run.measurements) {
    const auto found = measurement.counters.find(std::string(name));
    if (found != measurement.counters.end()) values.push_back(found->second);
  }
  return values;
}

// The median of a total divided by the messages; empty if nobody counted, for
// which 0 stands, too.
std::string PerMessageText(const LoadRun& run, absl::string_view counter) {
  std::vector<double> values;
  for (const Measurement& measurement : run.measurements) {
    const auto found = measurement.counters.find(std::string(counter));
    if (found == measurement.counters.end() || measurement.messages == 0) {
      continue;
    }
    values.push_back(found->second / static_cast<double>(measurement.messages));
  }
  const double median = Spread::Of(values).median;
  if (median == 0) return "";
  return absl::EndsWith(counter, "_ns") ? NanosecondsText(median)
                                        : absl::StrFormat("%.3g", median);
}

// "receiver: 0.000364 kernel entries, 147 ns of CPU for each; 8.74 MiB of
// memory"; empty if nobody counted.
std::string EndRemark(const LoadRun& run, absl::string_view end) {
  std::vector<std::string> parts;
  for (const EndCounter& counter : kEndCounters) {
    const std::string text =
        PerMessageText(run, absl::StrCat(end, "_", counter.name));
    if (!text.empty()) parts.push_back(absl::StrCat(text, " ", counter.text));
  }
  std::string remark;
  if (!parts.empty()) {
    remark = absl::StrCat(absl::StrJoin(parts, ", "), " for each");
  }
  const double memory =
      Spread::Of(CounterValues(run, absl::StrCat(end, "_", kMemory))).median;
  if (memory > 0) {
    absl::StrAppend(&remark, remark.empty() ? "" : "; ", SizeText(memory),
                    " of memory");
  }
  return remark.empty() ? "" : absl::StrCat(end, ": ", remark);
}

std::string LargeRemark(const LoadRun& run) {
  const std::vector<double> values = CounterValues(run, kLargeBandwidth);
  if (values.empty()) return "";
  return absl::StrCat("beside them: messages of ",
                      SizeText(static_cast<double>(run.spec.large_bytes)), ", ",
                      BandwidthText(Spread::Of(values).median));
}

bool IsTold(absl::string_view counter) {
  if (counter == kMemoryCounter || counter == kLargeBandwidth) return true;
  for (const absl::string_view end : kEnds) {
    if (counter == absl::StrCat(end, "_", kMemory)) return true;
    for (const EndCounter& known : kEndCounters) {
      if (counter == absl::StrCat(end, "_", known.name)) return true;
    }
  }
  return false;
}

std::string CounterText(double value) {
  return value >= 0 && value == std::floor(value)
             ? CountText(static_cast<uint64_t>(value))
             : absl::StrFormat("%.4g", value);
}

// Counters that nothing here knows, as they are.
void AddOtherCounters(const LoadRun& run, std::vector<std::string>& remarks) {
  for (const auto& [name, value] : run.measurements.front().counters) {
    if (IsTold(name)) continue;
    const double median = Spread::Of(CounterValues(run, name)).median;
    remarks.push_back(absl::StrCat(name, ": ", CounterText(median)));
  }
}

std::string CheckedRemark(const LoadRun& run) {
  uint64_t checked = 0;
  for (const Measurement& measurement : run.measurements) {
    checked += measurement.messages;
  }
  return absl::StrCat(CountText(checked), " ", NounOf(run.spec.workload),
                      " checked (", ToString(run.spec.verify), ")",
                      TotalFaults(run).Total() == 0
                          ? ": none lost, duplicated, reordered or corrupted"
                          : "");
}

std::string GeneratorRemark(const LoadRun& run) {
  if (run.generator.nanoseconds > 0) {
    return absl::StrCat("the generator itself takes ",
                        NanosecondsText(run.generator.nanoseconds),
                        " for each (against a null target)");
  }
  if (run.generator.unknown.empty()) return "";
  return absl::StrCat("what the generator itself takes is not known: ",
                      run.generator.unknown);
}

std::string MaximumText(const RateSearch& search) {
  if (search.rate == 0) {
    return absl::StrCat("No rate was found at which ", search.slo.ToString(),
                        " holds.");
  }
  return absl::StrCat(RateText(search.rate), " is the highest rate ",
                      search.interrupted ? "tried so far " : "", "at which ",
                      search.slo.ToString(), " holds.");
}

std::string ReachedText(const LoadRun& run) {
  const double part = AchievedPart(run);
  return absl::StrCat("asked for ", RateText(run.spec.rate), ", reached ",
                      PercentText(part), " of it",
                      part < kAchieved ? ": the latencies are those of an "
                                         "overload"
                                       : "");
}

}  // namespace

std::vector<FigureRow> FigureRows(const LoadRun& run) {
  std::vector<FigureRow> rows;
  AddRow(run, "memory of each", "memory", rows);
  if (run.spec.workload == Workload::kIdle) return rows;
  AddRow(run, NounOf(run.spec.workload), "rate", rows);
  if (MedianOf(run, "bandwidth") > 0) {
    AddRow(run, "bandwidth", "bandwidth", rows);
  }
  for (const char* name : {"p50", "p90", "p99", "p99.9", "p99.99", "max"}) {
    AddRow(run, absl::StrCat("latency ", name), name, rows);
  }
  for (const char* name : {"p50", "p99"}) {
    AddRow(run, absl::StrCat("blocked ", name), absl::StrCat("blocked_", name),
           rows);
  }
  return rows;
}

std::string Headline(const LoadRun& run) {
  if (run.search.has_value()) return MaximumText(*run.search);
  if (run.measurements.empty()) return "Nothing was measured.";
  if (run.spec.workload == Workload::kIdle) {
    return absl::StrCat(
        CountText(run.spec.connections), " connections were held; each takes ",
        SizeText(MedianOf(run, "memory")), " of the target's memory.");
  }
  std::string text = absl::StrCat(NumberText(MedianOf(run, "rate")), " ",
                                  NounOf(run.spec.workload), " per second");
  if (IsOneWay(run.spec.workload)) {
    absl::StrAppend(&text, ", one way, or ",
                    BandwidthText(MedianOf(run, "bandwidth")));
  }
  if (MergedLatency(run).count() > 0) {
    absl::StrAppend(&text, "; half took at most ",
                    NanosecondsText(MedianOf(run, "p50")), ", 99 % at most ",
                    NanosecondsText(MedianOf(run, "p99")));
  }
  return absl::StrCat(text, ".");
}

std::vector<std::string> Remarks(const LoadRun& run) {
  std::vector<std::string> remarks;
  if (run.measurements.empty()) return remarks;
  if (run.spec.arrival != Arrival::kClosed) remarks.push_back(ReachedText(run));
  if (run.spec.workload != Workload::kIdle) {
    remarks.push_back(CheckedRemark(run));
  }
  for (std::string& remark : std::vector<std::string>{
           LargeRemark(run), EndRemark(run, kEnds[0]), EndRemark(run, kEnds[1]),
           GeneratorRemark(run)}) {
    if (!remark.empty()) remarks.push_back(std::move(remark));
  }
  AddOtherCounters(run, remarks);
  return remarks;
}

std::vector<std::string> SearchSteps(const LoadRun& run) {
  std::vector<std::string> lines;
  if (!run.search.has_value()) return lines;
  for (const RateStep& step : run.search->steps) {
    lines.push_back(
        absl::StrCat(absl::StrFormat("%10s  ", RateText(step.rate)),
                     step.failure.empty() ? "holds" : "no: ", step.failure));
  }
  return lines;
}

std::vector<std::string> Warnings(const LoadRun& run) {
  std::vector<std::string> warnings;
  const Faults faults = TotalFaults(run);
  if (faults.Total() > 0) {
    warnings.push_back(
        absl::StrCat("messages lost: ", CountText(faults.lost),
                     ", duplicated: ", CountText(faults.duplicated),
                     ", reordered: ", CountText(faults.reordered),
                     ", corrupted: ", CountText(faults.corrupted)));
  }
  const uint64_t errors = TotalErrors(run);
  if (errors > 0) {
    warnings.push_back(
        absl::StrCat(CountText(errors), " failed; first: ", FirstError(run)));
  }
  if (AchievedPart(run) < kAchieved) {
    warnings.push_back("the target did not keep up with the rate");
  }
  if (IsInterrupted(run)) {
    warnings.push_back("interrupted: these are the results so far");
  }
  return warnings;
}

}  // namespace ringdist
