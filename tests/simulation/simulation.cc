#include "ringdist/tests/simulation/simulation.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringdist {
namespace {

double SecondsOf(absl::Time time) {
  return absl::ToDoubleSeconds(time - absl::UnixEpoch() - absl::Hours(1));
}

// FNV-1a, a word at a time.
void Mix(uint64_t& digest, uint64_t value) {
  digest = (digest ^ value) * 0x100000001b3ULL;
  digest ^= digest >> 29;
}

}  // namespace

Simulation::Simulation(uint64_t seed, const Faults& faults)
    : seed_(seed), faults_(faults), random_(seed) {}

bool Simulation::Happens(Fault fault) {
  const double probability = faults_.probability(fault);
  if (probability <= 0) return false;
  const double drawn =
      static_cast<double>(random_() >> 11) / static_cast<double>(1ULL << 53);
  if (drawn >= probability) return false;
  ++counts_[static_cast<size_t>(fault)];
  return true;
}

// Events.

void Simulation::Soon(absl::AnyInvocable<void()> event) {
  const int64_t longest = absl::ToInt64Nanoseconds(faults_.max_delay);
  absl::Time time = now_;
  if (longest > 0) {
    time += absl::Nanoseconds(Below(static_cast<uint64_t>(longest)));
  }
  events_.push_back({time, next_event_++, std::move(event)});
  std::push_heap(events_.begin(), events_.end(), Later);
}

void Simulation::RunDueEvents() {
  while (!events_.empty() && events_.front().time <= now_) {
    std::pop_heap(events_.begin(), events_.end(), Later);
    absl::AnyInvocable<void()> run = std::move(events_.back().run);
    events_.pop_back();
    run();
  }
}

// Driving.

absl::Status Simulation::DriveUntil(std::vector<TurnFunction> turns,
                                    absl::FunctionRef<bool()> done,
                                    absl::Time deadline) {
  int busy_rounds = 0;
  while (!done()) {
    const uint64_t work_before = work_;
    const absl::StatusOr<absl::Time> wanted =
        Round(absl::MakeSpan(turns), done);
    if (!wanted.ok()) {
      return Stuck(wanted.status().code(), wanted.status().message());
    }
    if (now_ >= deadline) {
      return Stuck(absl::StatusCode::kDeadlineExceeded, "no time is left");
    }
    if (++busy_rounds >= kMaxBusyRounds) {
      return Stuck(absl::StatusCode::kResourceExhausted,
                   "somebody is busy without end");
    }
    if (work_ != work_before || *wanted <= now_) continue;
    busy_rounds = 0;
    absl::Time next = std::min(*wanted, alarm_);
    if (!events_.empty()) next = std::min(next, events_.front().time);
    if (next == absl::InfiniteFuture()) {
      return Stuck(absl::StatusCode::kFailedPrecondition,
                   "nothing is left to happen");
    }
    now_ = std::max(now_, next);
    const int64_t oversleep = absl::ToInt64Nanoseconds(faults_.max_oversleep);
    if (oversleep > 0) {
      now_ += absl::Nanoseconds(Below(static_cast<uint64_t>(oversleep)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Time> Simulation::Round(absl::Span<TurnFunction> turns,
                                             absl::FunctionRef<bool()> done) {
  std::shuffle(turns.begin(), turns.end(), random_);
  absl::Time first = absl::InfiniteFuture();
  for (const TurnFunction& turn : turns) {
    if (Happens(Fault::kTurnSkipped)) {
      first = now_;
      continue;
    }
    turn_waits_until_ = absl::InfinitePast();
    absl::Status status = turn();
    if (!status.ok()) return status;
    if (done()) return now_;
    first = std::min(first, turn_waits_until_);
  }
  return first;
}

// Telling.

void Simulation::Record(const char* what, int fd, int64_t value) {
  trace_[trace_size_++ % kTraceEntries] = {now_, what, fd, value};
  Mix(trace_digest_, static_cast<uint64_t>(absl::ToUnixNanos(now_)));
  for (const char* c = what; *c != '\0'; ++c) {
    Mix(trace_digest_, static_cast<unsigned char>(*c));
  }
  Mix(trace_digest_, static_cast<uint64_t>(fd));
  Mix(trace_digest_, static_cast<uint64_t>(value));
}

std::string Simulation::Describe() const {
  std::string text = absl::StrCat("seed ", seed_, ", at ", SecondsOf(now_),
                                  " s, ", events_.size(), " events to come\n");
  for (size_t i = 0; i < kFaultCount; ++i) {
    if (faults_.probabilities[i] <= 0) continue;
    absl::StrAppend(&text, "  ", counts_[i], " times ",
                    FaultName(static_cast<Fault>(i)), ", with probability ",
                    faults_.probabilities[i], "\n");
  }
  for (const auto& describer : describers_) text += describer();
  const uint64_t shown = std::min<uint64_t>(trace_size_, kTraceEntries);
  for (uint64_t i = trace_size_ - shown; i < trace_size_; ++i) {
    const TraceEntry& entry = trace_[i % kTraceEntries];
    absl::StrAppend(&text, "  ", SecondsOf(entry.time), " s: ", entry.what,
                    " on ", entry.fd, ": ", entry.value, "\n");
  }
  return text;
}

absl::Status Simulation::Stuck(absl::StatusCode code,
                               absl::string_view why) const {
  return absl::Status(code,
                      absl::StrCat("simulation: ", why, "\n", Describe()));
}

void Simulation::Violation(absl::string_view message) const {
  const std::string text =
      absl::StrCat("simulation: contract of io_engine.h broken: ", message,
                   "\n", Describe());
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
  std::abort();
}

}  // namespace ringdist
