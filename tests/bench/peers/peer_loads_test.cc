// Every combination of ends that others have, for a fraction of a second: what
// is counted adds up, nothing is lost, and no process is left.

#include <sys/wait.h>

#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_load.h"
#include "ringdist/tests/bench/peers/good_run.h"
#include "ringdist/tests/testing/erlang_test.h"

namespace ringdist {
namespace {

struct Ends {
  Peer client;
  Peer server;
};

LoadSpec SpecOf(const Ends& ends, Workload workload) {
  LoadSpec spec;
  spec.client = ends.client;
  spec.server = ends.server;
  spec.workload = workload;
  spec.payload = {{.bytes = 48, .weight = 1}};
  spec.verify = Verify::kFull;
  spec.warmup = absl::Milliseconds(50);
  spec.duration = absl::Milliseconds(250);
  spec.interval = absl::Milliseconds(100);
  return spec;
}

class PeerLoadsTest : public ErlangTest,
                      public ::testing::WithParamInterface<Ends> {
 protected:
  Measurement Run(Workload workload) {
    const Measurement measured = GoodRun(RunLoad, SpecOf(GetParam(), workload));
    // There is no child process any more.
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    return measured;
  }
};

TEST_P(PeerLoadsTest, Stream) {
  const Measurement measured = Run(Workload::kStream);
  EXPECT_EQ(measured.bytes, 48 * measured.messages);
  EXPECT_EQ(measured.latency.count(), 0u);
}

TEST_P(PeerLoadsTest, Echo) {
  const Measurement measured = Run(Workload::kEcho);
  EXPECT_EQ(measured.bytes, 48 * measured.messages);
  EXPECT_NEAR(measured.latency.count(), measured.messages, 2);
}

TEST_P(PeerLoadsTest, Call) {
  const Measurement measured = Run(Workload::kCall);
  EXPECT_EQ(measured.bytes, 48 * measured.messages);
  EXPECT_NEAR(measured.latency.count(), measured.messages, 2);
}

TEST_P(PeerLoadsTest, Connect) {
  const Measurement measured = Run(Workload::kConnect);
  EXPECT_NEAR(measured.latency.count(), measured.messages, 2);
}

INSTANTIATE_TEST_SUITE_P(All, PeerLoadsTest,
                         ::testing::Values(Ends{Peer::kBeam, Peer::kBeam},
                                           Ends{Peer::kBeamTcp, Peer::kBeamTcp},
                                           Ends{Peer::kBeam, Peer::kRingdist},
                                           Ends{Peer::kBeam, Peer::kEi},
                                           Ends{Peer::kEi, Peer::kEi},
                                           Ends{Peer::kEi, Peer::kBeam},
                                           Ends{Peer::kEi, Peer::kRingdist},
                                           Ends{Peer::kRingdist, Peer::kBeam},
                                           Ends{Peer::kRingdist, Peer::kEi}),
                         [](const auto& test) {
                           return absl::StrCat(ToString(test.param.client),
                                               "_to_",
                                               ToString(test.param.server));
                         });

}  // namespace
}  // namespace ringdist
