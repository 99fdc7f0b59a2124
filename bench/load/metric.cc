#include "ringdist/bench/load/metric.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "ringdist/bench/load/load_text.h"
#include "ringdist/bench/load/payload_mix.h"
#include "ringdist/bench/load/spread.h"

namespace ringdist {
namespace {

constexpr std::pair<Metric::Kind, absl::string_view> kNames[] = {
    {Metric::Kind::kRate, "rate"},     {Metric::Kind::kBandwidth, "bandwidth"},
    {Metric::Kind::kMin, "min"},       {Metric::Kind::kMean, "mean"},
    {Metric::Kind::kMax, "max"},       {Metric::Kind::kErrors, "errors"},
    {Metric::Kind::kFaults, "faults"}, {Metric::Kind::kMemory, "memory"},
};

constexpr std::pair<Condition::Comparison, absl::string_view> kComparisons[] = {
    // The longer ones first.
    {Condition::Comparison::kAtMost, "<="},
    {Condition::Comparison::kAtLeast, ">="},
    {Condition::Comparison::kBelow, "<"},
    {Condition::Comparison::kAbove, ">"},
};

bool ParsePercentile(absl::string_view text, double& percentile) {
  double value = 0;
  if (text.empty() ||
      text.find_first_not_of("0123456789.") != absl::string_view::npos ||
      !absl::SimpleAtod(text, &value) || value > 100) {
    return false;
  }
  percentile = value;
  return true;
}

bool Compare(double left, Condition::Comparison comparison, double right) {
  switch (comparison) {
    case Condition::Comparison::kBelow:
      return left < right;
    case Condition::Comparison::kAtMost:
      return left <= right;
    case Condition::Comparison::kAbove:
      return left > right;
    case Condition::Comparison::kAtLeast:
      return left >= right;
  }
  return false;
}

std::optional<double> LatencyOf(const Metric& metric,
                                const Histogram& histogram) {
  if (histogram.count() == 0) return std::nullopt;
  switch (metric.kind) {
    case Metric::Kind::kMin:
      return histogram.min();
    case Metric::Kind::kMean:
      return histogram.Mean();
    case Metric::Kind::kMax:
      return histogram.max();
    default:
      return histogram.ValueAt(metric.percentile);
  }
}

}  // namespace

absl::Status Metric::Parse(absl::string_view name, Metric& metric) {
  for (const auto& [kind, known] : kNames) {
    if (known != name) continue;
    metric = {kind, 0};
    return absl::OkStatus();
  }
  absl::string_view left = name;
  const Kind kind = absl::ConsumePrefix(&left, "blocked_") ? Kind::kBlocked
                                                           : Kind::kPercentile;
  double percentile = 0;
  if (absl::ConsumePrefix(&left, "p") && ParsePercentile(left, percentile)) {
    metric = {kind, percentile};
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", name,
      "\" is no figure; write rate, bandwidth, min, mean, max, p50, "
      "p99, p99.9 and so on, blocked_p99, errors, faults or memory"));
}

std::string Metric::name() const {
  for (const auto& [known_kind, known] : kNames) {
    if (known_kind == kind) return std::string(known);
  }
  return absl::StrCat(kind == Kind::kBlocked ? "blocked_p" : "p", percentile);
}

bool Metric::IsLatency() const {
  switch (kind) {
    case Kind::kRate:
    case Kind::kBandwidth:
    case Kind::kErrors:
    case Kind::kFaults:
    case Kind::kMemory:
      return false;
    case Kind::kPercentile:
    case Kind::kMin:
    case Kind::kMean:
    case Kind::kMax:
    case Kind::kBlocked:
      return true;
  }
  return false;
}

std::optional<double> Metric::Of(const Measurement& measurement) const {
  switch (kind) {
    case Kind::kRate:
      return measurement.Rate();
    case Kind::kBandwidth:
      return measurement.BytesPerSecond();
    case Kind::kErrors:
      return static_cast<double>(measurement.errors);
    case Kind::kFaults:
      return static_cast<double>(measurement.faults.Total());
    case Kind::kMemory: {
      const auto found = measurement.counters.find(kMemoryCounter);
      if (found == measurement.counters.end()) return std::nullopt;
      return found->second;
    }
    case Kind::kBlocked:
      return LatencyOf(*this, measurement.blocked);
    default:
      return LatencyOf(*this, measurement.latency);
  }
}

std::vector<double> Metric::OfAll(
    absl::Span<const Measurement> measurements) const {
  std::vector<double> values;
  for (const Measurement& measurement : measurements) {
    const std::optional<double> value = Of(measurement);
    if (value.has_value()) values.push_back(*value);
  }
  return values;
}

std::string Metric::Text(double value) const {
  if (kind == Kind::kRate) return RateText(value);
  if (kind == Kind::kBandwidth) return BandwidthText(value);
  if (kind == Kind::kMemory) return SizeText(value);
  return IsLatency() ? NanosecondsText(value)
                     : CountText(static_cast<uint64_t>(value));
}

absl::Status Metric::ParseValue(absl::string_view text, double& value) const {
  if (IsLatency()) {
    absl::Duration time;
    const absl::Status status = ParseTime(text, time);
    if (status.ok()) value = absl::ToDoubleNanoseconds(time);
    return status;
  }
  if (text == "0") {
    value = 0;
    return absl::OkStatus();
  }
  if (kind == Kind::kMemory) {
    size_t bytes = 0;
    const absl::Status status = PayloadMix::ParseBytes(text, bytes);
    if (status.ok()) value = static_cast<double>(bytes);
    return status;
  }
  return ParseNumber(text, value);
}

absl::Status Condition::Parse(absl::string_view text, Condition& condition) {
  for (const auto& [comparison, sign] : kComparisons) {
    const size_t at = text.find(sign);
    if (at == absl::string_view::npos) continue;
    Condition parsed;
    parsed.comparison = comparison;
    absl::Status status = Metric::Parse(
        absl::StripAsciiWhitespace(text.substr(0, at)), parsed.metric);
    if (!status.ok()) return status;
    status = parsed.metric.ParseValue(
        absl::StripAsciiWhitespace(text.substr(at + sign.size())),
        parsed.value);
    if (status.ok()) condition = parsed;
    return status;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text,
                   "\" compares nothing; write a figure, <, <=, > or >=, and a "
                   "value, such as p99<200us, in quotes"));
}

std::string Condition::ToString() const {
  for (const auto& [known, sign] : kComparisons) {
    if (known != comparison) continue;
    const std::string exact =
        metric.IsLatency() ? absl::FormatDuration(absl::Nanoseconds(value))
                           : absl::StrFormat("%.15g", value);
    return absl::StrCat(metric.name(), sign, exact);
  }
  return "";
}

bool Condition::HoldsFor(absl::Span<const Measurement> measurements) const {
  const std::vector<double> values = metric.OfAll(measurements);
  return !values.empty() &&
         Compare(Spread::Of(values).median, comparison, value);
}

}  // namespace ringdist
