#include "ringdist/bench/load/comparison.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ringdist/bench/load/spread.h"

namespace ringdist {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kSchema[] = "dist_load_compare";
constexpr int kVersion = 1;

// Of the figures that are better at 0, where a ratio says nothing.
Verdict VerdictOfFailures(double a, double b) {
  if (b > a) return Verdict::kWorse;
  return b < a ? Verdict::kBetter : Verdict::kSame;
}

Verdict VerdictOf(const FigureComparison& figure, double tolerance) {
  if (!figure.interval.has_value()) return Verdict::kUnknown;
  const bool is_above = figure.interval->low > 0;
  const bool is_below = figure.interval->high < 0;
  if (!is_above && !is_below) return Verdict::kSame;
  if (std::fabs(figure.difference) <= tolerance) return Verdict::kSame;
  return is_above == figure.metric.HigherIsBetter() ? Verdict::kBetter
                                                    : Verdict::kWorse;
}

bool IsOfFailures(const Metric& metric) {
  return metric.kind == Metric::Kind::kErrors ||
         metric.kind == Metric::Kind::kFaults;
}

// One figure of two runs; its name is known.
void CompareFigure(const LoadRun& a, const LoadRun& b, absl::string_view name,
                   Comparison& comparison) {
  FigureComparison figure;
  figure.run = a.name;
  Metric::Parse(name, figure.metric).IgnoreError();
  const std::vector<double> of_a = figure.metric.OfAll(a.measurements);
  const std::vector<double> of_b = figure.metric.OfAll(b.measurements);
  if (of_a.empty() || of_b.empty()) return;
  figure.a = Spread::Of(of_a).median;
  figure.b = Spread::Of(of_b).median;
  if (IsOfFailures(figure.metric)) {
    figure.verdict = VerdictOfFailures(figure.a, figure.b);
    // Nothing to tell where nothing failed.
    if (figure.a > 0 || figure.b > 0) comparison.figures.push_back(figure);
    return;
  }
  if (figure.a <= 0 || figure.b <= 0) return;
  figure.difference = figure.b / figure.a - 1;
  figure.interval = RatioOf(of_a, of_b);
  if (figure.interval.has_value()) {
    figure.interval->low =
        std::min(figure.interval->low - 1, figure.difference);
    figure.interval->high =
        std::max(figure.interval->high - 1, figure.difference);
  }
  figure.verdict = VerdictOf(figure, comparison.options.tolerance);
  comparison.figures.push_back(figure);
}

void CompareRuns(const LoadRun& a, const LoadRun& b, Comparison& comparison) {
  if (a.spec.workload == Workload::kIdle) {
    CompareFigure(a, b, "memory", comparison);
  } else if (a.spec.arrival == Arrival::kClosed || a.search.has_value()) {
    CompareFigure(a, b, "rate", comparison);
  }
  for (const char* name : {"p50", "p99", "errors", "faults"}) {
    CompareFigure(a, b, name, comparison);
  }
}

void NoteDifference(absl::string_view what, absl::string_view a,
                    absl::string_view b, Comparison& comparison) {
  if (a == b) return;
  comparison.notes.push_back(absl::StrCat(what, ": ", a, " | ", b));
}

const LoadRun* FindRun(const LoadResults& results, absl::string_view name) {
  for (const LoadRun& run : results.runs) {
    if (run.name == name) return &run;
  }
  return nullptr;
}

void NoteRunsOfOne(const LoadResults& one, const LoadResults& other,
                   absl::string_view which, Comparison& comparison) {
  for (const LoadRun& run : one.runs) {
    if (FindRun(other, run.name) != nullptr) continue;
    comparison.notes.push_back(absl::StrCat("only ", which, " has ", run.name));
  }
}

std::string SignedPercent(double part) {
  return absl::StrFormat("%+.1f %%", part * 100);
}

std::string TableLine(const FigureComparison& figure) {
  const std::string interval =
      figure.interval.has_value()
          ? absl::StrCat(SignedPercent(figure.interval->low), " to ",
                         SignedPercent(figure.interval->high))
          : "";
  return absl::StrFormat(
      "  %-12s%12s%12s%12s%24s  %s\n", figure.metric.name(),
      figure.metric.Text(figure.a), figure.metric.Text(figure.b),
      IsOfFailures(figure.metric) ? "" : SignedPercent(figure.difference),
      interval, VerdictText(figure));
}

bool Any(const Comparison& comparison, Verdict verdict) {
  return std::any_of(comparison.figures.begin(), comparison.figures.end(),
                     [verdict](const FigureComparison& figure) {
                       return figure.verdict == verdict;
                     });
}

absl::string_view Conclusion(const Comparison& comparison) {
  if (comparison.figures.empty()) {
    return "There is nothing to compare: no run is in both.";
  }
  switch (ExitStatusOf(comparison)) {
    case 0:
      return "Nothing has got worse.";
    case 1:
      return "Something has got worse.";
    default:
      return "It cannot be told: write --repeat=5 when measuring; 4 are the "
             "least.";
  }
}

absl::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kBetter:
      return "better";
    case Verdict::kWorse:
      return "worse";
    case Verdict::kSame:
      return "same";
    case Verdict::kUnknown:
      return "unknown";
  }
  return "";
}

Json FigureJson(const FigureComparison& figure) {
  Json json = {{"run", figure.run},
               {"figure", figure.metric.name()},
               {"a", figure.a},
               {"b", figure.b},
               {"difference", figure.difference}};
  if (figure.interval.has_value()) {
    json["low"] = figure.interval->low;
    json["high"] = figure.interval->high;
  }
  json["verdict"] = std::string(VerdictName(figure.verdict));
  return json;
}

}  // namespace

Comparison Compare(const LoadResults& a, const LoadResults& b,
                   const ComparisonOptions& options) {
  Comparison comparison;
  comparison.options = options;
  NoteDifference("kernel", a.machine.kernel, b.machine.kernel, comparison);
  NoteDifference("processor", a.machine.cpu, b.machine.cpu, comparison);
  NoteDifference("processors", absl::StrCat(a.machine.cpus),
                 absl::StrCat(b.machine.cpus), comparison);
  NoteDifference("commit", a.machine.commit, b.machine.commit, comparison);
  NoteDifference("build", a.machine.build, b.machine.build, comparison);
  for (const LoadRun& run : a.runs) {
    const LoadRun* const other = FindRun(b, run.name);
    if (other == nullptr) continue;
    for (const auto describe : {DescribeLoad, DescribeEnds, DescribePace}) {
      NoteDifference(run.name, describe(run.spec), describe(other->spec),
                     comparison);
    }
    CompareRuns(run, *other, comparison);
  }
  NoteRunsOfOne(a, b, "A", comparison);
  NoteRunsOfOne(b, a, "B", comparison);
  return comparison;
}

absl::string_view VerdictText(const FigureComparison& figure) {
  const bool is_time_or_rate =
      figure.metric.IsLatency() || figure.metric.HigherIsBetter();
  switch (figure.verdict) {
    case Verdict::kBetter:
      return is_time_or_rate ? "faster" : "less";
    case Verdict::kWorse:
      return is_time_or_rate ? "slower" : "more";
    case Verdict::kSame:
      return "no difference";
    case Verdict::kUnknown:
      return "too few repeats";
  }
  return "";
}

std::string ComparisonText(const Comparison& comparison) {
  std::string text =
      absl::StrFormat("  %-12s%12s%12s%12s%24s  %s\n", "", "A", "B",
                      "difference", "95 % interval", "verdict");
  absl::string_view run;
  for (const FigureComparison& figure : comparison.figures) {
    if (figure.run != run) absl::StrAppend(&text, figure.run, "\n");
    run = figure.run;
    absl::StrAppend(&text, TableLine(figure));
  }
  absl::StrAppend(&text, "\n");
  for (const std::string& note : comparison.notes) {
    absl::StrAppend(&text, "  A | B differ: ", note, "\n");
  }
  absl::StrAppendFormat(
      &text,
      "  Medians of the repeats; the interval is that of Mann and Whitney's "
      "test.\n  Differences of at most %g %% are not told.\n%s\n",
      comparison.options.tolerance * 100, Conclusion(comparison));
  return text;
}

std::string ComparisonJson(const Comparison& comparison) {
  Json json = {{"schema", kSchema},
               {"version", kVersion},
               {"regression", Any(comparison, Verdict::kWorse)},
               {"tolerance", comparison.options.tolerance},
               {"notes", comparison.notes},
               {"figures", Json::array()}};
  for (const FigureComparison& figure : comparison.figures) {
    json["figures"].push_back(FigureJson(figure));
  }
  return absl::StrCat(json.dump(-1, ' ', false, Json::error_handler_t::replace),
                      "\n");
}

int ExitStatusOf(const Comparison& comparison) {
  if (Any(comparison, Verdict::kWorse)) return 1;
  if (comparison.figures.empty()) return 2;
  return Any(comparison, Verdict::kUnknown) ? 2 : 0;
}

}  // namespace ringdist
