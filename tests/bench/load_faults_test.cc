// What goes wrong on the way to a server is reported, whatever the kind of it.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/clients.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/server_process.h"
#include "ringdist/tests/bench/faulty_relay.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {
namespace {

using Fault = FaultyRelay::Fault;

// Late enough for the connection to have everything in its caches.
constexpr uint64_t kPacket = 200;

struct Kind {
  Peer peer;
  Level level = Level::kPacket;
  int handshake_packets = 0;
};

class LoadFaultsTest : public ::testing::TestWithParam<Kind> {
 protected:
  LoadFaultsTest() {
    spec_.workload = Workload::kStream;
    spec_.client = spec_.server = GetParam().peer;
    spec_.level = GetParam().level;
    spec_.payload = {{24, 1}};
    spec_.warmup = absl::Milliseconds(10);
    spec_.duration = absl::Milliseconds(20);
    spec_.client_cpu = spec_.server_cpu = -1;
  }

  // lost, duplicated, reordered, corrupted.
  std::string RunWith(Fault fault) {
    const TemporaryDirectory servers;
    const TemporaryDirectory clients;
    spec_.directory = servers.path();
    const auto server = ServerProcess::Start(spec_);
    EXPECT_TRUE(server.ok()) << server.status();
    if (!server.ok()) return "";
    const FaultyRelay relay(
        clients.path(), servers.path(),
        {.fault = fault,
         .packet = kPacket,
         .handshake_packets = GetParam().handshake_packets});
    spec_.directory = clients.path();
    const absl::StatusOr<Measurement> measured = RunClient(spec_, {});
    EXPECT_TRUE(measured.ok()) << measured.status();
    if (!measured.ok()) return "";
    const Faults& faults = measured->faults;
    return absl::StrCat(faults.lost, " ", faults.duplicated, " ",
                        faults.reordered, " ", faults.corrupted);
  }

  LoadSpec spec_;
};

INSTANTIATE_TEST_SUITE_P(
    Kinds, LoadFaultsTest,
    ::testing::Values(Kind{Peer::kEpoll}, Kind{Peer::kUring},
                      Kind{Peer::kPlain}, Kind{Peer::kSpin},
                      Kind{Peer::kRingdist, Level::kPacket, 2},
                      Kind{Peer::kRingdist, Level::kNode, 2}),
    [](const auto& kind) {
      return absl::StrCat(ToString(kind.param.peer), "_",
                          ToString(kind.param.level));
    });

TEST_P(LoadFaultsTest, FindsALostMessage) {
  EXPECT_EQ(RunWith(Fault::kLose), "1 0 0 0");
}

TEST_P(LoadFaultsTest, FindsARepeatedMessage) {
  EXPECT_EQ(RunWith(Fault::kRepeat), "0 1 0 0");
}

TEST_P(LoadFaultsTest, FindsOneOutOfOrder) {
  EXPECT_EQ(RunWith(Fault::kSwapWithNext), "0 0 1 0");
}

TEST_P(LoadFaultsTest, FindsACorruptedMessage) {
  EXPECT_EQ(RunWith(Fault::kSpoilLastByte), "0 0 0 1");
}

}  // namespace
}  // namespace ringdist
