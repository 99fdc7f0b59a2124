#include "ringdist/bench/load/load_plan.h"

#include <limits>

#include "absl/time/time.h"

namespace ringdist {
namespace {

constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();
// Of a stream to a slow consumer: what waits for it otherwise takes it minutes.
constexpr size_t kSlowWindow = 64;

// One way: without answers if nobody needs them.
LoadPlan PlanStream(const LoadSpec& spec) {
  const bool closed = spec.arrival == Arrival::kClosed;
  const bool slow = spec.slow_consumer > absl::ZeroDuration();
  if (closed && spec.window == 0 && !slow) return {.floods = true};
  LoadPlan plan = {.asks = MessageType::kAck};
  plan.window = closed ? kSlowWindow : kUnlimited;
  return plan;
}

LoadPlan PlanRoundTrips(const LoadSpec& spec, MessageType asks) {
  LoadPlan plan = {.asks = asks};
  if (spec.arrival != Arrival::kClosed) plan.window = kUnlimited;
  return plan;
}

LoadPlan PlanWithoutWindow(const LoadSpec& spec) {
  switch (spec.workload) {
    case Workload::kStream:
    case Workload::kFanIn:
      return PlanStream(spec);
    case Workload::kEcho:
      return PlanRoundTrips(spec, MessageType::kEcho);
    case Workload::kCall:
      return PlanRoundTrips(spec, MessageType::kCall);
    case Workload::kMixed: {
      LoadPlan plan = PlanRoundTrips(spec, MessageType::kEcho);
      plan.floods = true;
      return plan;
    }
    case Workload::kConnect:
      return {.connects = true};
    case Workload::kFanOut:
      return {.receives = true};
    case Workload::kIdle:
      return {.idles = true};
  }
  __builtin_unreachable();
}

}  // namespace

LoadPlan MakeLoadPlan(const LoadSpec& spec) {
  LoadPlan plan = PlanWithoutWindow(spec);
  if (spec.window != 0 && plan.asks.has_value()) {
    plan.window = static_cast<size_t>(spec.window);
  }
  return plan;
}

std::vector<PayloadShare> FloodPayload(const LoadSpec& spec) {
  if (spec.workload != Workload::kMixed) return spec.payload;
  return {{.bytes = spec.large_bytes, .weight = 1}};
}

}  // namespace ringdist
