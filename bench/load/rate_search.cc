#include "ringdist/bench/load/rate_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "ringdist/bench/load/load_text.h"

namespace ringdist {
namespace {

double ThreeDigits(double rate) {
  const double unit = std::pow(10, std::floor(std::log10(rate)) - 2);
  return std::round(rate / unit) * unit;
}

class Searcher {
 public:
  Searcher(const RateSearchOptions& options,
           const std::function<absl::StatusOr<Measurement>(double)>& measure)
      : options_(options), measure_(measure) {
    search_.slo = options.slo;
  }

  absl::StatusOr<RateSearch> Run() {
    FindBounds();
    while (Goes() && search_.rate > 0 &&
           too_high_ > search_.rate * (1 + options_.precision)) {
      const double middle = ThreeDigits(std::sqrt(search_.rate * too_high_));
      // Closer than three digits tell.
      if (middle <= search_.rate || middle >= too_high_) break;
      Try(middle);
    }
    if (!status_.ok()) return status_;
    return std::move(search_);
  }

 private:
  bool Goes() const { return status_.ok() && !search_.interrupted; }

  void FindBounds() {
    double rate = ThreeDigits(options_.first_rate);
    bool held = Try(rate);
    while (Goes() && held && rate < options_.highest_rate) {
      rate = std::min(2 * rate, options_.highest_rate);
      held = Try(rate);
    }
    while (Goes() && search_.rate == 0 && rate > options_.lowest_rate) {
      rate = std::max(rate / 2, options_.lowest_rate);
      Try(rate);
    }
  }

  // Measures the rate, twice if it fails, and keeps what that tells.
  bool Try(double rate) {
    for (int attempt = 0; attempt < 2 && Goes(); ++attempt) {
      if (Measure(rate)) return true;
    }
    if (Goes()) too_high_ = rate;
    return false;
  }

  bool Measure(double rate) {
    absl::StatusOr<Measurement> measured = measure_(rate);
    if (!measured.ok()) {
      status_ = measured.status();
      return false;
    }
    search_.interrupted = measured->interrupted;
    if (search_.interrupted) return false;
    RateStep step;
    step.rate = rate;
    step.achieved = measured->Rate();
    step.value = options_.slo.metric.Of(*measured).value_or(-1);
    step.failure = WhyRateFails(*measured, options_.slo);
    search_.steps.push_back(step);
    if (options_.on_step) options_.on_step(step);
    if (!step.failure.empty()) return false;
    search_.rate = rate;
    search_.best = *std::move(measured);
    return true;
  }

  const RateSearchOptions& options_;
  const std::function<absl::StatusOr<Measurement>(double)>& measure_;
  RateSearch search_;
  double too_high_ = 0;  // The lowest rate known not to hold; 0: none is.
  absl::Status status_;
};

}  // namespace

absl::StatusOr<RateSearch> SearchRate(
    const RateSearchOptions& options,
    const std::function<absl::StatusOr<Measurement>(double rate)>& measure) {
  return Searcher(options, measure).Run();
}

std::string WhyRateFails(const Measurement& measurement, const Condition& slo) {
  if (measurement.errors > 0) {
    return absl::StrCat(measurement.errors,
                        " failed: ", measurement.first_error);
  }
  if (measurement.faults.Total() > 0) {
    return absl::StrCat(measurement.faults.Total(),
                        " lost, duplicated, reordered or corrupted");
  }
  if (measurement.Rate() < kAchieved * measurement.asked_rate) {
    return absl::StrCat("only ", RateText(measurement.Rate()), " were reached");
  }
  if (slo.HoldsFor(absl::MakeConstSpan(&measurement, 1))) return "";
  const std::optional<double> value = slo.metric.Of(measurement);
  if (!value.has_value()) return absl::StrCat("no ", slo.metric.name());
  return absl::StrCat(slo.metric.name(), " is ", slo.metric.Text(*value));
}

}  // namespace ringdist
