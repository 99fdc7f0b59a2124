#include "ringdist/bench/load/result_plots.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/bench/load/load_text.h"
#include "ringdist/bench/load/percentile_text.h"
#include "ringdist/bench/load/series_csv.h"
#include "ringdist/bench/load/spread.h"

namespace ringdist {
namespace {

constexpr int kStepsOfCurve = 20;  // Each time that what is left is halved.
// From here on the small values would be a line at the bottom.
constexpr double kLogarithmicFrom = 30;

struct Unit {
  absl::string_view name;
  double nanoseconds;
};

Unit UnitOf(double largest_ns) {
  if (largest_ns < 20e6) return {"us", 1e3};
  return largest_ns < 20e9 ? Unit{"ms", 1e6} : Unit{"s", 1e9};
}

// Whether the values are too far apart for a linear axis.
bool IsWide(const std::vector<Curve>& curves) {
  double lowest = 0, highest = 0;
  for (const Curve& curve : curves) {
    for (const auto& [x, y] : curve.points) {
      if (y <= 0) return false;
      lowest = lowest == 0 ? y : std::min(lowest, y);
      highest = std::max(highest, y);
    }
  }
  return highest > kLogarithmicFrom * lowest;
}

Curve PercentileCurve(std::string name, const Histogram& histogram,
                      const Unit& unit) {
  Curve curve;
  curve.name = std::move(name);
  for (const PercentilePoint& point :
       PercentilePoints(histogram, kStepsOfCurve)) {
    // The last value is the one of all, not at infinity.
    const double left = std::max(1 - point.percentile / 100,
                                 1 / static_cast<double>(histogram.count()));
    curve.points.emplace_back(
        1 / left, static_cast<double>(point.value) / unit.nanoseconds);
  }
  return curve;
}

std::vector<std::pair<std::string, double>> PercentileTics(uint64_t count) {
  std::vector<std::pair<std::string, double>> tics = {{"0 %", 1}};
  std::string text = "90";
  for (double position = 10;; position *= 10) {
    tics.emplace_back(absl::StrCat(text, " %"), position);
    if (position >= static_cast<double>(count)) return tics;
    text = text == "90" ? "99" : absl::StrCat(text, text == "99" ? ".9" : "9");
  }
}

Histogram MergedBlocked(const LoadRun& run) {
  Histogram merged;
  for (const Measurement& measurement : run.measurements) {
    merged.Merge(measurement.blocked);
  }
  return merged;
}

// Whether messages were kept back so long that it matters.
bool IsBlocked(const Histogram& blocked, const Histogram& latency) {
  return blocked.ValueAt(99.9) > latency.ValueAt(50);
}

NamedPlot LatencyPlot(const LoadRun& run, const Histogram& latency) {
  const Histogram blocked = MergedBlocked(run);
  const bool is_blocked = IsBlocked(blocked, latency);
  const Unit unit =
      UnitOf(static_cast<double>(std::max(latency.max(), blocked.max())));
  Panel panel;
  panel.title = absl::StrCat("Latency by percentile: ", DescribeLoad(run.spec));
  panel.x.label = "part of all that took at most so long";
  panel.y.label = absl::StrCat("latency (", unit.name, ")");
  panel.x.is_logarithmic = true;
  panel.x.tics = PercentileTics(latency.count());
  const bool is_repeated = run.measurements.size() > 1;
  for (const Measurement& measurement : run.measurements) {
    if (!is_repeated) break;
    panel.curves.push_back(PercentileCurve("", measurement.latency, unit));
    panel.curves.back().is_faint = true;
  }
  panel.curves.push_back(
      PercentileCurve(is_repeated ? "all repeats" : "latency", latency, unit));
  panel.y.is_logarithmic = IsWide(panel.curves);
  if (is_blocked) {
    // Most are not blocked at all, which would be far below.
    panel.y.lowest = static_cast<double>(latency.min()) / unit.nanoseconds;
    panel.curves.push_back(PercentileCurve("blocked", blocked, unit));
  }
  return {"latency",
          absl::StrCat("Each step to the right is ten times rarer.",
                       is_repeated ? " Thin lines: each repeat." : "",
                       is_blocked ? " Blocked: how long messages that were due "
                                    "had to wait before they could be sent."
                                  : ""),
          {{std::move(panel)}}};
}

// Nothing where there is no such value.
using IntervalValue = std::function<std::optional<double>(
    const Measurement& measurement, size_t index)>;

Curve SeriesCurve(std::string name, const Measurement& measurement,
                  const IntervalValue& value) {
  Curve curve;
  curve.name = std::move(name);
  for (size_t i = 0; i < measurement.series.size(); ++i) {
    const std::optional<double> here = value(measurement, i);
    if (!here.has_value()) continue;
    curve.points.emplace_back(
        absl::ToDoubleSeconds(measurement.series[i].start), *here);
  }
  return curve;
}

// The median of all repeats, at each interval that all of them have.
Curve MedianCurve(std::string name, const LoadRun& run,
                  const IntervalValue& value) {
  size_t length = run.measurements.front().series.size();
  for (const Measurement& measurement : run.measurements) {
    length = std::min(length, measurement.series.size());
  }
  Curve curve;
  curve.name = std::move(name);
  for (size_t i = 0; i < length; ++i) {
    std::vector<double> values;
    for (const Measurement& measurement : run.measurements) {
      const std::optional<double> here = value(measurement, i);
      if (here.has_value()) values.push_back(*here);
    }
    if (values.empty()) continue;  // A gap, not a 0.
    curve.points.emplace_back(
        absl::ToDoubleSeconds(run.measurements.front().series[i].start),
        Spread::Of(values).median);
  }
  return curve;
}

Panel RatePanel(const LoadRun& run) {
  const IntervalValue rate = [](const Measurement& measurement, size_t index) {
    const double seconds =
        absl::ToDoubleSeconds(IntervalLength(measurement, index));
    const auto messages =
        static_cast<double>(measurement.series[index].messages);
    return seconds > 0 ? messages / seconds : 0;
  };
  Panel panel;
  panel.title = absl::StrCat("Over time: ", DescribeLoad(run.spec));
  panel.x.label = "seconds";
  panel.y.label = "messages per second";
  panel.y.has_prefixes = true;
  const bool is_repeated = run.measurements.size() > 1;
  for (const Measurement& measurement : run.measurements) {
    if (!is_repeated) break;
    panel.curves.push_back(SeriesCurve("", measurement, rate));
    panel.curves.back().is_faint = true;
  }
  panel.curves.push_back(
      MedianCurve(is_repeated ? "rate, median" : "rate", run, rate));
  return panel;
}

Panel LatencyOverTimePanel(const LoadRun& run) {
  const Unit unit = UnitOf(static_cast<double>(MergedLatency(run).max()));
  const auto curve = [&](const char* name, int64_t Interval::*member) {
    return MedianCurve(name, run,
                       [&](const Measurement& measurement,
                           size_t index) -> std::optional<double> {
                         const Interval& interval = measurement.series[index];
                         if (interval.max_ns == 0) return std::nullopt;
                         return static_cast<double>(interval.*member) /
                                unit.nanoseconds;
                       });
  };
  Panel panel;
  panel.x.label = "seconds";
  panel.y.label = absl::StrCat("latency (", unit.name, ")");
  panel.curves = {curve("p50", &Interval::p50_ns),
                  curve("p99", &Interval::p99_ns),
                  curve("max", &Interval::max_ns)};
  panel.y.is_logarithmic = IsWide(panel.curves);
  return panel;
}

std::optional<NamedPlot> SeriesPlot(const LoadRun& run) {
  for (const Measurement& measurement : run.measurements) {
    // One point makes no line.
    if (measurement.series.size() < 2) return std::nullopt;
  }
  NamedPlot plot = {"series", "", {{RatePanel(run)}}};
  if (MergedLatency(run).count() > 0) {
    plot.plot.panels.push_back(LatencyOverTimePanel(run));
  }
  plot.description = absl::StrCat(
      "Intervals of ", absl::FormatDuration(run.spec.interval),
      run.measurements.size() > 1
          ? "; thin lines: each repeat, thick ones: the median of them."
          : ".");
  return plot;
}

std::optional<NamedPlot> SearchPlot(const LoadRun& run) {
  if (!run.search.has_value() || !run.search->slo.metric.IsLatency()) {
    return std::nullopt;
  }
  Curve curve;
  double largest = run.search->slo.value;
  for (const RateStep& step : run.search->steps) {
    largest = std::max(largest, step.value);
  }
  const Unit unit = UnitOf(largest);
  for (const RateStep& step : run.search->steps) {
    if (step.value < 0) continue;
    curve.points.emplace_back(step.rate, step.value / unit.nanoseconds);
  }
  if (curve.points.size() < 2) return std::nullopt;
  std::sort(curve.points.begin(), curve.points.end());
  const double slo = run.search->slo.value / unit.nanoseconds;
  Curve limit = {
      "limit",
      {{curve.points.front().first, slo}, {curve.points.back().first, slo}}};
  curve.name = run.search->slo.metric.name();
  Panel panel;
  panel.title = absl::StrCat("Search for the highest rate at which ",
                             run.search->slo.ToString());
  panel.x.label = "rate (messages per second)";
  panel.x.has_prefixes = true;
  panel.y.label = absl::StrCat("latency (", unit.name, ")");
  panel.curves = {std::move(curve), std::move(limit)};
  panel.y.is_logarithmic = IsWide(panel.curves);
  return NamedPlot{"search", "Each rate that was tried.", {{std::move(panel)}}};
}

}  // namespace

std::vector<NamedPlot> PlotsOf(const LoadRun& run) {
  std::vector<NamedPlot> plots;
  if (run.measurements.empty()) return plots;
  const Histogram latency = MergedLatency(run);
  if (latency.count() > 0) plots.push_back(LatencyPlot(run, latency));
  for (std::optional<NamedPlot>& plot : std::vector<std::optional<NamedPlot>>{
           SeriesPlot(run), SearchPlot(run)}) {
    if (plot.has_value()) plots.push_back(*std::move(plot));
  }
  return plots;
}

}  // namespace ringdist
