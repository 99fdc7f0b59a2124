// What the runtime itself takes: credit, timers, tasks, posted work, and a turn
// of the reactor, with nothing to do and with a byte that came.

#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "ringdist/proto/check.h"
#include "ringdist/runtime/credit.h"
#include "ringdist/runtime/io_engine.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {
namespace {

std::unique_ptr<Reactor> MakeReactor() {
  auto reactor = Reactor::Create();
  RINGDIST_CHECK(reactor.ok());
  return *std::move(reactor);
}

void Turn(Reactor& reactor) {
  RINGDIST_CHECK(reactor.RunOnce(absl::ZeroDuration()).ok());
}

void TakeAndReturnCredit(benchmark::State& state) {
  Credit credit;
  for (auto _ : state) {
    credit.Take();
    benchmark::DoNotOptimize(credit);
    credit.Return();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(TakeAndReturnCredit);

struct Counter {
  void Count() { ++count; }
  uint64_t count = 0;
};

// Of so many that run: what a tick or a time-out of a call costs. The deadlines
// are spread over a minute.
void StartTimer(benchmark::State& state) {
  const auto reactor = MakeReactor();
  Counter counter;
  std::vector<std::unique_ptr<Timer>> timers;
  std::mt19937 random(1);
  std::uniform_int_distribution<int> milliseconds(1000, 61000);
  const absl::Time now = reactor->Now();
  const auto start = [&](Timer& timer) {
    timer.Start(now + absl::Milliseconds(milliseconds(random)));
  };
  for (int64_t i = 0; i < state.range(0); ++i) {
    timers.push_back(std::make_unique<Timer>(
        *reactor, ReactorCallback::To<&Counter::Count>(&counter)));
    start(*timers.back());
  }
  size_t next = 0;
  for (auto _ : state) {
    start(*timers[next]);
    if (++next == timers.size()) next = 0;
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(StartTimer)->ArgName("running")->Arg(1)->Arg(1000)->Arg(100000);

void ScheduleAndRunTask(benchmark::State& state) {
  const auto reactor = MakeReactor();
  Counter counter;
  Task task(*reactor, ReactorCallback::To<&Counter::Count>(&counter));
  for (auto _ : state) {
    task.Schedule();
    Turn(*reactor);
  }
  RINGDIST_CHECK_EQ(counter.count, static_cast<uint64_t>(state.iterations()));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(ScheduleAndRunTask);

void PostAndRun(benchmark::State& state) {
  const auto reactor = MakeReactor();
  uint64_t count = 0;
  for (auto _ : state) {
    reactor->Post([&count] { ++count; });
    Turn(*reactor);
  }
  RINGDIST_CHECK_EQ(count, static_cast<uint64_t>(state.iterations()));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(PostAndRun);

void TurnWithNothingToDo(benchmark::State& state) {
  const auto reactor = MakeReactor();
  for (auto _ : state) Turn(*reactor);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(TurnWithNothingToDo);

// Receives in multishot as long as it lives.
class Receiver {
 public:
  Receiver(Reactor& reactor, int fd) : engine_(reactor.engine()), fd_(fd) {
    Arm();
  }
  void OnReceived(const Completion& completion) {
    if (completion.result > 0) bytes_ += completion.data.size();
    if (!completion.more && completion.result > 0) Arm();
  }
  uint64_t bytes() const { return bytes_; }
  bool in_flight() const { return receive_.in_flight(); }

 private:
  void Arm() { engine_.ArmReceive(receive_, fd_, size_t{1} << 30); }

  IoEngine& engine_;
  const int fd_;
  uint64_t bytes_ = 0;
  Operation receive_ = Operation::To<&Receiver::OnReceived>(this);
};

// The write that brings the byte is a system call of its own, and counted.
void TurnWithAByte(benchmark::State& state) {
  const auto reactor = MakeReactor();
  int fds[2];
  RINGDIST_CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  Receiver receiver(*reactor, fds[0]);
  for (auto _ : state) {
    const uint64_t before = receiver.bytes();
    RINGDIST_CHECK_EQ(write(fds[1], "x", 1), 1);
    while (receiver.bytes() == before) Turn(*reactor);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
  close(fds[1]);
  while (receiver.in_flight()) Turn(*reactor);
  close(fds[0]);
}
BENCHMARK(TurnWithAByte);

}  // namespace
}  // namespace ringdist
