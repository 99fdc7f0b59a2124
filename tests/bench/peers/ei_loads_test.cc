// What ei's transports do apart from the usual loads (peer_loads_test): many
// connections, large messages beside small ones, open loops, buffers. Needs no
// Erlang node.

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_load.h"
#include "ringdist/tests/bench/peers/good_run.h"

namespace ringdist {
namespace {

class EiLoadsTest : public ::testing::Test {
 protected:
  EiLoadsTest() {
    spec_.client = Peer::kEi;
    spec_.server = Peer::kEi;
    spec_.verify = Verify::kFull;
    spec_.warmup = absl::Milliseconds(20);
    spec_.duration = absl::Milliseconds(150);
  }

  Measurement Run() { return GoodRun(RunLoad, spec_); }

  LoadSpec spec_;
};

TEST_F(EiLoadsTest, FromManyConnections) {
  spec_.workload = Workload::kFanIn;
  spec_.connections = 50;
  Run();
}

TEST_F(EiLoadsTest, ToManyConnections) {
  spec_.workload = Workload::kFanOut;
  spec_.connections = 50;
  Run();
}

TEST_F(EiLoadsTest, RoundTripsOfManyConnections) {
  spec_.workload = Workload::kEcho;
  spec_.connections = 20;
  spec_.window = 3;
  Run();
}

// The other end writes large answers as well: who only wrote would wait.
TEST_F(EiLoadsTest, LargeRoundTripsAtOnce) {
  spec_.workload = Workload::kEcho;
  spec_.payload = {{.bytes = 500'000, .weight = 1}};
  spec_.window = 8;
  spec_.duration = absl::Seconds(1);
  Run();
}

TEST_F(EiLoadsTest, BesideLargeMessages) {
  spec_.workload = Workload::kMixed;
  spec_.large_bytes = 1'000'000;
  EXPECT_GT(Run().counters.at("large_bytes_per_second"), 0);
}

TEST_F(EiLoadsTest, AWindowOfAcknowledgedMessages) {
  spec_.window = 20;
  const Measurement measured = Run();
  EXPECT_GT(measured.latency.count(), 0u);
}

TEST_F(EiLoadsTest, InAnOpenLoop) {
  spec_.workload = Workload::kEcho;
  spec_.arrival = Arrival::kConstant;
  spec_.rate = 1000;
  EXPECT_GT(Run().asked_rate, 0);
}

TEST_F(EiLoadsTest, BusyPolling) {
  spec_.workload = Workload::kEcho;
  spec_.busy_poll = absl::Milliseconds(1);
  Run();
}

TEST_F(EiLoadsTest, IdleConnections) {
  spec_.workload = Workload::kIdle;
  spec_.connections = 50;
  const absl::StatusOr<Measurement> measured = RunLoad(spec_, RunHooks());
  ASSERT_TRUE(measured.ok()) << measured.status();
  EXPECT_EQ(measured->counters.count("server_memory_per_connection"), 1u);
}

TEST_F(EiLoadsTest, BuffersSaveMostSystemCalls) {
  spec_.payload = {{.bytes = 16, .weight = 1}};
  double calls_per_message[2] = {};
  for (const bool buffered : {false, true}) {
    spec_.ei_buffered = buffered;
    const Measurement measured = Run();
    calls_per_message[buffered] = measured.counters.at("receiver_enters") /
                                  static_cast<double>(measured.messages);
  }
  // Two reads, and a poll now and then.
  EXPECT_GE(calls_per_message[false], 2);
  EXPECT_LT(calls_per_message[true], calls_per_message[false] / 4);
}

TEST_F(EiLoadsTest, BufferedRoundTripsAreNotHeldBack) {
  spec_.workload = Workload::kEcho;
  spec_.ei_buffered = true;
  Run();
  spec_.connections = 5;
  Run();
}

TEST_F(EiLoadsTest, SeveralCallsAtATimeAreNotToBeToldApart) {
  spec_.workload = Workload::kCall;
  spec_.window = 2;
  EXPECT_EQ(RunLoad(spec_, RunHooks()).status().code(),
            absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace ringdist
