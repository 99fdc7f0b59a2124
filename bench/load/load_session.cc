#include "ringdist/bench/load/load_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "ringdist/bench/load/load_text.h"
#include "ringdist/bench/load/rate_search.h"

namespace ringdist {
namespace {

constexpr absl::Duration kGeneratorWarmup = absl::Milliseconds(50);
constexpr absl::Duration kGeneratorDuration = absl::Milliseconds(300);
// Of what a closed loop reaches, where a search begins.
constexpr double kFirstPart = 0.5;

bool HasMeasured(const Measurement& measurement) {
  return measurement.duration > absl::ZeroDuration();
}

bool IsOurs(Peer client) { return client == Peer::kRingdist || IsBare(client); }

}  // namespace

LoadSession::LoadSession(LoadRunner runner, LiveLine& line,
                         const std::atomic<bool>& interrupted)
    : runner_(std::move(runner)), line_(line), interrupted_(interrupted) {}

absl::Status LoadSession::Measure(LoadRun& run,
                                  const std::optional<Condition>& slo) {
  absl::Status status;
  if (slo.has_value()) status = Search(run, *slo);
  if (status.ok()) status = Repeat(run);
  line_.Clear();
  return status;
}

absl::Status LoadSession::Repeat(LoadRun& run) {
  if (run.search.has_value() && run.search->rate == 0) return absl::OkStatus();
  const auto count = static_cast<size_t>(run.spec.repeat);
  while (run.measurements.size() < count && !interrupted_) {
    const std::string which =
        count > 1
            ? absl::StrCat(", ", run.measurements.size() + 1, " of ", count)
            : "";
    absl::StatusOr<Measurement> measured =
        MeasureOnce(run.spec, absl::StrCat(run.name, which));
    if (!measured.ok()) return measured.status();
    if (HasMeasured(*measured)) {
      run.measurements.push_back(*std::move(measured));
    }
  }
  return absl::OkStatus();
}

absl::Status LoadSession::Search(LoadRun& run, const Condition& slo) {
  const absl::StatusOr<double> first_rate = FirstRate(run.spec);
  if (!first_rate.ok()) return first_rate.status();
  if (interrupted_) return absl::OkStatus();
  RateSearchOptions options;
  options.slo = slo;
  options.first_rate = *first_rate;
  absl::StatusOr<RateSearch> found = SearchRate(options, [&](double rate) {
    LoadSpec spec = run.spec;
    spec.rate = rate;
    return MeasureOnce(spec, absl::StrCat(run.name, " at ", RateText(rate)));
  });
  if (!found.ok()) return found.status();
  run.search = *std::move(found);
  run.spec.rate = run.search->rate > 0 ? run.search->rate : *first_rate;
  if (run.search->rate > 0) run.measurements.push_back(run.search->best);
  return absl::OkStatus();
}

// Given, or half of what a closed loop reaches.
absl::StatusOr<double> LoadSession::FirstRate(const LoadSpec& spec) {
  if (spec.rate > 0) return spec.rate;
  LoadSpec closed = spec;
  closed.arrival = Arrival::kClosed;
  const absl::StatusOr<Measurement> measured =
      MeasureOnce(closed, "closed loop, to begin with");
  if (!measured.ok()) return measured.status();
  if (!HasMeasured(*measured)) return 1;
  return std::max(kFirstPart * measured->Rate(), 1.0);
}

void LoadSession::MeasureGenerator(LoadRun& run) {
  if (run.measurements.empty() || interrupted_ ||
      run.spec.workload == Workload::kIdle) {
    return;
  }
  if (!IsOurs(run.spec.client)) {
    run.generator.unknown =
        absl::StrCat(ToString(run.spec.client), " generates the load");
    return;
  }
  LoadSpec spec = run.spec;
  spec.target.clear();
  spec.server = Peer::kNull;
  spec.arrival = Arrival::kClosed;
  spec.rate = 0;
  spec.stall = absl::ZeroDuration();
  spec.slow_consumer = absl::ZeroDuration();
  spec.beam_schedulers = 0;
  spec.ei_buffered = false;
  spec.warmup = kGeneratorWarmup;
  spec.duration = kGeneratorDuration;
  const absl::StatusOr<Measurement> measured =
      MeasureOnce(spec, absl::StrCat(run.name, ", the generator alone"));
  line_.Clear();
  if (!measured.ok()) {
    run.generator.unknown = std::string(measured.status().message());
  } else if (HasMeasured(*measured) && measured->messages > 0) {
    run.generator.nanoseconds = 1e9 / measured->Rate();
  }
}

absl::StatusOr<Measurement> LoadSession::MeasureOnce(const LoadSpec& spec,
                                                     const std::string& what) {
  line_.Begin(what, spec.interval);
  RunHooks hooks;
  hooks.interrupted = &interrupted_;
  hooks.on_interval = [this](const Interval& interval) {
    line_.Show(interval);
  };
  absl::StatusOr<Measurement> measured = runner_(spec, hooks);
  if (interrupted_ && absl::IsCancelled(measured.status())) {
    return Measurement{.interrupted = true};  // Of no time at all.
  }
  return measured;
}

}  // namespace ringdist
