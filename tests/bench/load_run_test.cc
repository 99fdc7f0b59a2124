// Each workload between each two kinds of ends that are C++, briefly: that its
// counts add up and nothing goes wrong. How fast it is does not matter here.

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_load.h"

namespace ringdist {
namespace {

// Which ends there are, at which level.
struct Ends {
  Peer client;
  Peer server;
  Level level = Level::kPacket;

  bool are_nodes() const { return client == Peer::kRingdist; }
};

std::string NameOf(const Ends& ends) {
  return absl::StrCat(
      ToString(ends.client), "_", ToString(ends.server),
      ends.are_nodes() ? absl::StrCat("_", ToString(ends.level)) : "");
}

LoadSpec Spec(Workload workload, const Ends& ends) {
  LoadSpec spec;
  spec.workload = workload;
  spec.client = ends.client;
  spec.server = ends.server;
  spec.level = ends.level;
  spec.payload = {{24, 1}};
  spec.large_bytes = 300'000;
  spec.warmup = absl::Milliseconds(10);
  spec.duration = absl::Milliseconds(50);
  spec.interval = absl::Milliseconds(10);
  spec.client_cpu = spec.server_cpu = -1;
  return spec;
}

// Nothing may be wrong, and the parts must give the whole.
void ExpectAddsUp(const Measurement& measured) {
  EXPECT_EQ(measured.errors, 0U) << measured.first_error;
  EXPECT_EQ(measured.faults.lost, 0U);
  EXPECT_EQ(measured.faults.duplicated, 0U);
  EXPECT_EQ(measured.faults.reordered, 0U);
  EXPECT_EQ(measured.faults.corrupted, 0U);
  EXPECT_FALSE(measured.interrupted);
  EXPECT_GT(measured.duration, absl::ZeroDuration());
  uint64_t messages = 0;
  uint64_t bytes = 0;
  for (const Interval& interval : measured.series) {
    messages += interval.messages;
    bytes += interval.bytes;
  }
  EXPECT_EQ(messages, measured.messages);
  EXPECT_EQ(bytes, measured.bytes);
}

// Runs it until there was something to count: where several tests share a
// processor nothing may get through in so short a time.
Measurement RunUntil(bool (*enough)(const Measurement&), const LoadSpec& spec) {
  while (true) {
    const absl::StatusOr<Measurement> measured = RunLoad(spec, {});
    EXPECT_TRUE(measured.ok()) << measured.status();
    if (!measured.ok()) return {};
    ExpectAddsUp(*measured);
    if (enough(*measured)) return *measured;
  }
}
Measurement RunUntilCounted(const LoadSpec& spec) {
  return RunUntil([](const Measurement& m) { return m.messages > 0; }, spec);
}
// Something was also sent in the measured time.
Measurement RunUntilAnswered(const LoadSpec& spec) {
  return RunUntil(
      [](const Measurement& m) {
        return m.messages > 0 && m.latency.count() > 0;
      },
      spec);
}

class RunLoadTest : public ::testing::TestWithParam<Ends> {
 protected:
  static LoadSpec Spec(Workload workload) {
    return ringdist::Spec(workload, GetParam());
  }
  // Blocks, on one connection.
  static bool IsPlain() {
    return GetParam().client == Peer::kPlain ||
           GetParam().server == Peer::kPlain;
  }
  static int Connections() { return IsPlain() ? 1 : 5; }
};

INSTANTIATE_TEST_SUITE_P(
    Kinds, RunLoadTest,
    ::testing::Values(
        Ends{Peer::kRingdist, Peer::kRingdist},
        Ends{Peer::kRingdist, Peer::kRingdist, Level::kNode},
        Ends{Peer::kEpoll, Peer::kEpoll}, Ends{Peer::kUring, Peer::kUring},
        Ends{Peer::kPlain, Peer::kPlain}, Ends{Peer::kSpin, Peer::kSpin},
        Ends{Peer::kUring, Peer::kEpoll}, Ends{Peer::kPlain, Peer::kUring}),
    [](const auto& kind) { return NameOf(kind.param); });

TEST_P(RunLoadTest, Streams) {
  const Measurement measured = RunUntilCounted(Spec(Workload::kStream));
  EXPECT_EQ(measured.bytes, measured.messages * 24);
  EXPECT_EQ(measured.latency.count(), 0U);
  EXPECT_GT(measured.counters.at("receiver_enters"), 0);
  EXPECT_GT(measured.counters.at("receiver_cpu_ns"), 0);
  EXPECT_GT(measured.counters.at("sender_cpu_ns"), 0);
}

TEST_P(RunLoadTest, StreamsEachSize) {
  for (const size_t bytes : {0, 7, 1000, 5000, 70'000, 1'000'000}) {
    SCOPED_TRACE(bytes);
    LoadSpec spec = Spec(Workload::kStream);
    spec.verify = Verify::kFull;
    spec.payload = {{bytes, 1}};
    const Measurement measured = RunUntilCounted(spec);
    EXPECT_EQ(measured.bytes, measured.messages * bytes);
  }
}

TEST_P(RunLoadTest, StreamsAMixOfSizes) {
  LoadSpec spec = Spec(Workload::kStream);
  spec.payload = {{16, 3}, {3000, 1}, {100'000, 0.01}};
  const Measurement measured = RunUntilCounted(spec);
  EXPECT_GE(measured.bytes, measured.messages * 16);
}

TEST_P(RunLoadTest, StreamsWithAWindow) {
  LoadSpec spec = Spec(Workload::kStream);
  spec.window = 10;
  const Measurement measured = RunUntilAnswered(spec);
  EXPECT_EQ(measured.bytes, measured.messages * 24);
}

TEST_P(RunLoadTest, StreamsToASlowConsumer) {
  LoadSpec spec = Spec(Workload::kStream);
  spec.slow_consumer = absl::Milliseconds(1);
  spec.window = 4;
  const Measurement measured = RunUntilCounted(spec);
  // What it took before may be answered in the measured time.
  EXPECT_LE(measured.messages, 4 + measured.duration / spec.slow_consumer);
}

TEST_P(RunLoadTest, Echoes) {
  const Measurement measured = RunUntilAnswered(Spec(Workload::kEcho));
  EXPECT_EQ(measured.bytes, measured.messages * 24);
}

TEST_P(RunLoadTest, EchoesBusily) {
  LoadSpec spec = Spec(Workload::kEcho);
  spec.busy_poll = absl::Milliseconds(1);
  RunUntilCounted(spec);
}

TEST_P(RunLoadTest, EchoesLargeOnesOnManyConnections) {
  LoadSpec spec = Spec(Workload::kEcho);
  spec.payload = {{200'000, 1}};
  spec.verify = Verify::kFull;
  spec.connections = Connections();
  spec.window = IsPlain() ? 1 : 3;
  RunUntilCounted(spec);
}

TEST_P(RunLoadTest, EchoesAtARate) {
  LoadSpec spec = Spec(Workload::kEcho);
  spec.arrival = Arrival::kConstant;
  spec.rate = 1000;
  if (IsPlain()) {
    EXPECT_TRUE(absl::IsInvalidArgument(RunLoad(spec, {}).status()));
    return;
  }
  const Measurement measured = RunUntilCounted(spec);
  EXPECT_NEAR(measured.asked_rate, 1000, 21);  // One more or less in 50 ms.
  EXPECT_EQ(measured.latency.count(), measured.blocked.count());
}

TEST_P(RunLoadTest, FansIn) {
  LoadSpec spec = Spec(Workload::kFanIn);
  spec.connections = Connections();
  const Measurement measured = RunUntilCounted(spec);
  EXPECT_EQ(measured.bytes, measured.messages * 24);
}

TEST_P(RunLoadTest, FansOut) {
  for (const size_t bytes : {24, 100'000}) {
    LoadSpec spec = Spec(Workload::kFanOut);
    spec.payload = {{bytes, 1}};
    spec.connections = Connections();
    const Measurement measured = RunUntilCounted(spec);
    EXPECT_EQ(measured.bytes, measured.messages * bytes);
  }
}

TEST_P(RunLoadTest, MixesSmallAndLarge) {
  const LoadSpec spec = Spec(Workload::kMixed);
  if (IsPlain()) {
    EXPECT_TRUE(absl::IsInvalidArgument(RunLoad(spec, {}).status()));
    return;
  }
  const Measurement measured = RunUntilCounted(spec);
  EXPECT_EQ(measured.bytes, measured.messages * 24);
  EXPECT_GE(measured.counters.at("large_messages"), 0);
}

TEST_P(RunLoadTest, HoldsIdleConnections) {
  LoadSpec spec = Spec(Workload::kIdle);
  spec.connections = Connections();
  const absl::StatusOr<Measurement> measured = RunLoad(spec, {});
  ASSERT_TRUE(measured.ok()) << measured.status();
  ExpectAddsUp(*measured);
  EXPECT_EQ(measured->messages, 0U);
  EXPECT_EQ(measured->counters.contains("server_memory_per_connection"),
            spec.connections > 1);
}

TEST_P(RunLoadTest, Connects) {
  if (!GetParam().are_nodes()) GTEST_SKIP() << "there is no handshake";
  LoadSpec spec = Spec(Workload::kConnect);
  spec.connections = 3;
  const Measurement measured = RunUntilAnswered(spec);
}

TEST_P(RunLoadTest, Calls) {
  if (GetParam().level != Level::kNode) GTEST_SKIP() << "packets make no calls";
  LoadSpec spec = Spec(Workload::kCall);
  spec.window = 4;
  const Measurement measured = RunUntilAnswered(spec);
  EXPECT_EQ(measured.bytes, measured.messages * 24);
}

TEST_P(RunLoadTest, EndsWhenItIsInterrupted) {
  std::atomic<bool> interrupted = false;
  RunHooks hooks;
  hooks.interrupted = &interrupted;
  hooks.on_interval = [&](const Interval&) { interrupted = true; };
  LoadSpec spec = Spec(Workload::kStream);
  spec.duration = absl::Hours(1);
  const absl::StatusOr<Measurement> measured = RunLoad(spec, hooks);
  ASSERT_TRUE(measured.ok()) << measured.status();
  EXPECT_TRUE(measured->interrupted);
  EXPECT_EQ(measured->faults.Total(), 0U);
}

constexpr Ends kNull = {Peer::kRingdist, Peer::kNull};

TEST(RunLoadToNullTest, MeasuresTheGenerator) {
  for (const Workload workload : {Workload::kStream, Workload::kEcho,
                                  Workload::kFanIn, Workload::kMixed}) {
    SCOPED_TRACE(ToString(workload));
    RunUntilCounted(Spec(workload, kNull));
  }
  LoadSpec call = Spec(Workload::kCall, kNull);
  call.level = Level::kNode;
  RunUntilCounted(call);
}

TEST(RunLoadToNullTest, HasNothingToSendForSome) {
  for (const Workload workload :
       {Workload::kConnect, Workload::kIdle, Workload::kFanOut}) {
    EXPECT_TRUE(
        absl::IsUnimplemented(RunLoad(Spec(workload, kNull), {}).status()));
  }
}

TEST(RunLoadErrorsTest, SayWhatIsPossible) {
  LoadSpec echo = Spec(Workload::kEcho, {Peer::kPlain, Peer::kPlain});
  echo.window = 2;
  EXPECT_EQ(RunLoad(echo, {}).status(),
            absl::InvalidArgumentError(
                "--workload=echo: plain blocks, so that both ends could wait "
                "for the other to read; write echo with --window=1, stream or "
                "fanout"));
  LoadSpec fan_in = Spec(Workload::kFanIn, {Peer::kEpoll, Peer::kPlain});
  fan_in.connections = 2;
  EXPECT_EQ(RunLoad(fan_in, {}).status(),
            absl::InvalidArgumentError(
                "--connections: plain blocks on one connection; write 1"));
  LoadSpec fan_out = Spec(Workload::kFanOut, {Peer::kUring, Peer::kUring});
  fan_out.payload = {{1, 1}, {2, 1}};
  EXPECT_EQ(RunLoad(fan_out, {}).status(),
            absl::InvalidArgumentError(
                "--payload: --workload=fanout has messages of one size"));
}

TEST(RunLoadErrorsTest, SayWhyTheServerDoesNotStart) {
  LoadSpec spec = Spec(Workload::kEcho, {Peer::kEpoll, Peer::kEpoll});
  spec.directory = "/nowhere";
  const absl::Status status = RunLoad(spec, {}).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_NE(status.message().find("--serve=epoll: open /nowhere"),
            absl::string_view::npos)
      << status;
}

TEST(RunLoadErrorsTest, SayWhyThereIsNoConnection) {
  LoadSpec spec =
      Spec(Workload::kEcho, {Peer::kRingdist, Peer::kRingdist, Level::kNode});
  spec.target = "nobody@localhost";
  const absl::Status status = RunLoad(spec, {}).status();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("nobody"), absl::string_view::npos) << status;
}

}  // namespace
}  // namespace ringdist
