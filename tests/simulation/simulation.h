// Simulation: time, chance and events of a simulated world, all from one seed.
// The same seed gives the same run, event by event.
//
//   Simulation simulation(seed, Faults::All(seed));
//   SimulatedNetwork network(simulation);
//   std::vector<std::unique_ptr<Reactor>> nodes;   // on SimulatedEngines
//   ...
//   absl::Status status = simulation.RunUntil(nodes, [&] { return arrived; });
//   ASSERT_TRUE(status.ok()) << status;
//
// Nothing here looks at a real clock. Time stands still while somebody has
// something to do (but for a microsecond per turn); when everybody waits it
// jumps to the next event or the first time somebody waits for. When nothing is
// left to happen RunUntil fails at once and tells what the world looks like.
//
// A simulation outlives its network, which outlives the engines. Everything is
// used by one thread, but for NoteWork.

#ifndef RINGDIST_TESTS_SIMULATION_SIMULATION_H_
#define RINGDIST_TESTS_SIMULATION_SIMULATION_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/tests/simulation/faults.h"

namespace ringdist {

class Simulation {
 public:
  Simulation(uint64_t seed, const Faults& faults);
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // Turns everybody in random order, again and again, until `done` says so: it
  // is asked after every turn. `driven` is a range of (smart) pointers to
  // Reactors or to engines. Who is not in it stands still, as a process that
  // was stopped. Errors, each with the seed and what the world looks like:
  //   FailedPrecondition  nothing is left to happen
  //   DeadlineExceeded    `at_most` of simulated time went by
  //   ResourceExhausted   somebody is busy without end
  //   and those of a turn.
  template <typename Range>
  absl::Status RunUntil(const Range& driven, absl::FunctionRef<bool()> done,
                        absl::Duration at_most = absl::Hours(1)) {
    return DriveUntil(TurnsOf(driven), done, now_ + at_most);
  }

  // Turns everybody for some simulated time.
  template <typename Range>
  absl::Status RunFor(const Range& driven, absl::Duration duration) {
    alarm_ = now_ + duration;
    absl::Status status = DriveUntil(
        TurnsOf(driven), [this] { return now_ >= alarm_; },
        absl::InfiniteFuture());
    alarm_ = absl::InfiniteFuture();
    return status;
  }

  uint64_t seed() const { return seed_; }
  const Faults& faults() const { return faults_; }
  // May be changed at any time: such as no more resets from now on.
  Faults& faults() { return faults_; }
  absl::Time Now() const { return now_; }

  // How often a fault happened so far.
  uint64_t count(Fault fault) const {
    return counts_[static_cast<size_t>(fault)];
  }
  // A digest of everything that was recorded, in order. Equal for equal runs.
  uint64_t trace_digest() const { return trace_digest_; }
  // Seed, time, the last events, and what describers say.
  std::string Describe() const;

  // For engines, networks and carriers.

  // Whether a fault is to happen now.
  bool Happens(Fault fault);
  // 64 random bits: also a node's EntropySource.
  uint64_t Random() { return random_(); }
  // From 0 to below `limit`, which is above 0.
  uint64_t Below(uint64_t limit) { return random_() % limit; }

  // Runs `event` after a random delay, from RunDueEvents.
  void Soon(absl::AnyInvocable<void()> event);
  void RunDueEvents();

  // A turn takes a little time, so that waiting by turning ends.
  void TakeTime() { now_ += absl::Microseconds(1); }
  // The last turn of whoever is being driven found nothing to do and waits.
  void NoteWait(absl::Time until) { turn_waits_until_ = until; }
  // Somebody has something to do; from any thread.
  void NoteWork() { ++work_; }

  // Adds an event to the trace. `what` must be a literal.
  void Record(const char* what, int fd, int64_t value);
  void AddDescriber(std::function<std::string()> describer) {
    describers_.push_back(std::move(describer));
  }
  // The code above the seam broke the contract of runtime/io_engine.h.
  [[noreturn]] void Violation(absl::string_view message) const;

 private:
  using TurnFunction = std::function<absl::Status()>;

  struct Event {
    absl::Time time;
    uint64_t number;  // Events of one time come in the order they were made.
    absl::AnyInvocable<void()> run;
  };
  struct TraceEntry {
    absl::Time time;
    const char* what;
    int fd;
    int64_t value;
  };
  static constexpr size_t kTraceEntries = 64;
  // So many rounds of turns without a pause are a busy loop.
  static constexpr int kMaxBusyRounds = 100'000;

  template <typename Range>
  static std::vector<TurnFunction> TurnsOf(const Range& driven) {
    std::vector<TurnFunction> turns;
    turns.reserve(driven.size());
    for (const auto& each : driven) {
      turns.push_back([&one = *each]() -> absl::Status {
        if constexpr (requires { one.RunOnce(absl::InfiniteDuration()); }) {
          return one.RunOnce(absl::InfiniteDuration());
        } else {
          return one.Turn(absl::InfiniteDuration()).status();
        }
      });
    }
    return turns;
  }

  static bool Later(const Event& a, const Event& b) {
    return a.time != b.time ? a.time > b.time : a.number > b.number;
  }
  absl::Status DriveUntil(std::vector<TurnFunction> turns,
                          absl::FunctionRef<bool()> done, absl::Time deadline);
  // One turn of each; returns when the first of them wants to run again. Stops
  // early if `done`.
  absl::StatusOr<absl::Time> Round(absl::Span<TurnFunction> turns,
                                   absl::FunctionRef<bool()> done);
  absl::Status Stuck(absl::StatusCode code, absl::string_view why) const;

  const uint64_t seed_;
  Faults faults_;
  std::mt19937_64 random_;
  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  std::vector<Event> events_;  // A heap, the next one first.
  uint64_t next_event_ = 0;
  std::atomic<uint64_t> work_ = 0;
  absl::Time turn_waits_until_;
  absl::Time alarm_ = absl::InfiniteFuture();
  std::array<uint64_t, kFaultCount> counts_ = {};
  std::array<TraceEntry, kTraceEntries> trace_ = {};
  uint64_t trace_size_ = 0;
  uint64_t trace_digest_ = 0;
  std::vector<std::function<std::string()>> describers_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_SIMULATION_SIMULATION_H_
