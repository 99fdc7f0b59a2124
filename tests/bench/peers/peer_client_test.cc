#include "ringdist/bench/peers/peer_client.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_hooks.h"
#include "ringdist/tests/bench/peers/good_run.h"
#include "ringdist/tests/testing/erlang_test.h"

namespace ringdist {
namespace {

class PeerClientTest : public ErlangTest {
 protected:
  PeerClientTest() {
    spec_.client = Peer::kBeam;
    spec_.server = Peer::kBeam;
    spec_.verify = Verify::kFull;
    spec_.warmup = absl::Milliseconds(50);
    spec_.duration = absl::Milliseconds(250);
    spec_.interval = absl::Milliseconds(50);
  }

  Measurement Run() { return GoodRun(RunPeerClient, spec_, hooks_); }

  absl::StatusCode CodeOfRun() {
    return RunPeerClient(spec_, hooks_).status().code();
  }

  LoadSpec spec_;
  RunHooks hooks_;
};

TEST_F(PeerClientTest, IntervalsAddUpToTheWhole) {
  spec_.workload = Workload::kEcho;
  std::vector<Interval> told;
  hooks_.on_interval = [&](const Interval& interval) {
    told.push_back(interval);
  };
  const Measurement measured = Run();
  ASSERT_EQ(told.size(), 5u);
  uint64_t messages = 0;
  uint64_t bytes = 0;
  int64_t max_ns = 0;
  for (size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].start, absl::Milliseconds(50) * i);
    EXPECT_LE(told[i].p50_ns, told[i].p99_ns);
    EXPECT_LE(told[i].p99_ns, told[i].max_ns);
    messages += told[i].messages;
    bytes += told[i].bytes;
    max_ns = std::max(max_ns, told[i].max_ns);
  }
  EXPECT_EQ(measured.messages, messages);
  EXPECT_EQ(measured.bytes, bytes);
  EXPECT_EQ(measured.latency.max(), max_ns);
  EXPECT_EQ(measured.duration, absl::Milliseconds(250));
  EXPECT_EQ(measured.series.size(), told.size());
}

TEST_F(PeerClientTest, SendsAMixOfSizes) {
  spec_.payload = {{.bytes = 10, .weight = 1}, {.bytes = 400, .weight = 1}};
  const Measurement measured = Run();
  EXPECT_GT(measured.bytes, 10 * measured.messages);
  EXPECT_LT(measured.bytes, 400 * measured.messages);
}

TEST_F(PeerClientTest, ManySendersHaveTheirOwnNumbers) {
  spec_.workload = Workload::kFanIn;
  spec_.connections = 20;
  Run();
}

TEST_F(PeerClientTest, AWindowIsOfMessagesThatAreAcknowledged) {
  spec_.window = 10;
  const Measurement measured = Run();
  EXPECT_EQ(measured.latency.count(), measured.messages);
}

TEST_F(PeerClientTest, ASlowConsumerIsNotDrowned) {
  spec_.slow_consumer = absl::Milliseconds(1);
  // One in a millisecond, and those that were on their way.
  EXPECT_LE(Run().messages, 250u + 64 + 1);
}

TEST_F(PeerClientTest, RoundTripsBesideLargeMessages) {
  spec_.workload = Workload::kMixed;
  spec_.large_bytes = 100'000;
  spec_.duration = absl::Seconds(2);  // They are slow.
  const Measurement measured = Run();
  EXPECT_EQ(measured.bytes, 16 * measured.messages);
  EXPECT_EQ(measured.latency.count(), measured.messages);
  EXPECT_GT(measured.counters.at("large_bytes_per_second"), 0);
}

TEST_F(PeerClientTest, OnOneSchedulerEach) {
  spec_.beam_schedulers = 1;
  spec_.client_cpu = spec_.server_cpu = 0;
  const Measurement measured = Run();
  EXPECT_GT(measured.counters.at("receiver_cpu_ns"), 0);
  EXPECT_GT(measured.counters.at("sender_cpu_ns"), 0);
}

TEST_F(PeerClientTest, GivesWhatItHasWhenInterrupted) {
  spec_.workload = Workload::kEcho;
  spec_.duration = absl::Minutes(10);
  std::atomic<bool> interrupted = false;
  hooks_.interrupted = &interrupted;
  int intervals = 0;
  hooks_.on_interval = [&](const Interval&) { interrupted = ++intervals == 2; };
  const Measurement measured = Run();
  EXPECT_TRUE(measured.interrupted);
  EXPECT_GE(measured.duration, absl::Milliseconds(100));
  EXPECT_LT(measured.duration, absl::Minutes(1));
}

TEST_F(PeerClientTest, InterruptedBeforeItHasAnythingItIsCancelled) {
  for (const Workload workload : {Workload::kStream, Workload::kEcho}) {
    spec_.workload = workload;
    spec_.warmup = absl::Minutes(10);
    const std::atomic<bool> interrupted = true;
    hooks_.interrupted = &interrupted;
    EXPECT_EQ(CodeOfRun(), absl::StatusCode::kCancelled);
  }
}

TEST_F(PeerClientTest, ATargetThatIsNotThereIsAnError) {
  spec_.target = "nobody@localhost";
  EXPECT_EQ(CodeOfRun(), absl::StatusCode::kAborted);
}

TEST_F(PeerClientTest, SaysWhatAnErlangNodeDoesNotGenerate) {
  const LoadSpec good = spec_;
  const auto expect = [&](absl::StatusCode code) {
    EXPECT_EQ(CodeOfRun(), code);
    spec_ = good;
  };
  spec_.workload = Workload::kFanOut;
  expect(absl::StatusCode::kUnimplemented);
  spec_.workload = Workload::kIdle;
  expect(absl::StatusCode::kUnimplemented);
  spec_.workload = Workload::kConnect;
  spec_.connections = 2;
  expect(absl::StatusCode::kUnimplemented);
  spec_.arrival = Arrival::kConstant;
  spec_.rate = 100;
  expect(absl::StatusCode::kUnimplemented);
  spec_.stall = absl::Milliseconds(10);
  expect(absl::StatusCode::kUnimplemented);
  spec_.server = Peer::kBeamTcp;
  expect(absl::StatusCode::kUnimplemented);
  spec_.client = Peer::kBeamTcp;
  expect(absl::StatusCode::kUnimplemented);
  spec_.client = Peer::kEi;
  expect(absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ringdist
