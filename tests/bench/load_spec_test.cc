#include "ringdist/bench/load/load_spec.h"

#include <cmath>
#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ErrorOf(const std::function<void(LoadSpec&)>& change) {
  LoadSpec spec;
  change(spec);
  return std::string(spec.Validate().message());
}

TEST(LoadSpecTest, TheDefaultIsValid) {
  EXPECT_EQ(ErrorOf([](LoadSpec&) {}), "");
}

TEST(LoadSpecTest, LimitsNameTheFlag) {
  const struct {
    std::function<void(LoadSpec&)> change;
    const char* error;
  } kCases[] = {
      {[](LoadSpec& spec) { spec.payload.clear(); }, "--payload: "},
      {[](LoadSpec& spec) { spec.payload[0].weight = 0; }, "--payload: "},
      {[](LoadSpec& spec) { spec.payload[0].bytes = (128 << 20) + 1; },
       "--payload: 134217729 bytes are more than 134217728"},
      {[](LoadSpec& spec) { spec.connections = 0; }, "--connections: "},
      {[](LoadSpec& spec) { spec.window = -1; }, "--window: "},
      {[](LoadSpec& spec) { spec.repeat = 0; }, "--repeat: "},
      {[](LoadSpec& spec) { spec.client_cpu = -2; }, "--client_cpu: "},
      {[](LoadSpec& spec) { spec.server_cpu = 5000; }, "--server_cpu: "},
      {[](LoadSpec& spec) { spec.warmup = -absl::Seconds(1); }, "--warmup: "},
      {[](LoadSpec& spec) { spec.duration = absl::ZeroDuration(); },
       "--duration: "},
      {[](LoadSpec& spec) { spec.duration = absl::InfiniteDuration(); },
       "--duration: "},
      {[](LoadSpec& spec) { spec.interval = absl::ZeroDuration(); },
       "--interval: "},
      {[](LoadSpec& spec) { spec.stall = spec.duration; }, "--stall: "},
      {[](LoadSpec& spec) { spec.rate = 5; }, "--rate: a closed loop"},
      {[](LoadSpec& spec) { spec.arrival = Arrival::kConstant; }, "--rate: "},
      {[](LoadSpec& spec) {
         spec.arrival = Arrival::kPoisson;
         spec.rate = NAN;
       },
       "--rate: "},
      {[](LoadSpec& spec) {
         spec.arrival = Arrival::kBurst;
         spec.rate = 10;
         spec.burst = 0;
       },
       "--burst: "},
      {[](LoadSpec& spec) {
         spec.workload = Workload::kMixed;
         spec.large_bytes = 0;
       },
       "--large: "},
      {[](LoadSpec& spec) { spec.beam_schedulers = 1; },
       "--beam_schedulers: neither end"},
      {[](LoadSpec& spec) { spec.ei_buffered = true; },
       "--ei_buffered: neither end"},
  };
  for (const auto& [change, error] : kCases) {
    EXPECT_THAT(ErrorOf(change), StartsWith(error));
  }
}

TEST(LoadSpecTest, AtTheLimitIsValid) {
  EXPECT_EQ(ErrorOf([](LoadSpec& spec) {
              spec.payload = {{0, 1e-9}, {128 << 20, 1}};
              spec.connections = 1'000'000;
              spec.repeat = 1000;
              spec.client_cpu = -1;
              spec.server_cpu = 1023;
              spec.warmup = absl::ZeroDuration();
              spec.arrival = Arrival::kBurst;
              spec.rate = 1e-3;
              spec.burst = 1;
            }),
            "");
}

// Who can talk with whom, at which level.
TEST(LoadSpecTest, EndsMustUnderstandEachOther) {
  const auto error = [](Peer client, Peer server, Level level) {
    return ErrorOf([&](LoadSpec& spec) {
      spec.client = client;
      spec.server = server;
      spec.level = level;
    });
  };
  for (const Peer node : {Peer::kRingdist, Peer::kBeam, Peer::kEi}) {
    EXPECT_EQ(error(Peer::kRingdist, node, Level::kNode), "");
    EXPECT_EQ(error(node, Peer::kRingdist, Level::kNode), "");
    EXPECT_THAT(error(node, Peer::kUring, Level::kPacket),
                HasSubstr("only moves framed bytes"));
  }
  EXPECT_EQ(error(Peer::kUring, Peer::kEpoll, Level::kPacket), "");
  EXPECT_EQ(error(Peer::kBeamTcp, Peer::kBeamTcp, Level::kNode), "");
  EXPECT_THAT(error(Peer::kRingdist, Peer::kBeamTcp, Level::kNode),
              StartsWith("--client=ringdist: only beam_tcp talks"));
  EXPECT_THAT(error(Peer::kBeamTcp, Peer::kBeam, Level::kNode),
              StartsWith("--client=beam_tcp: only beam_tcp talks"));
  EXPECT_EQ(error(Peer::kSpin, Peer::kNull, Level::kPacket), "");
  EXPECT_EQ(error(Peer::kRingdist, Peer::kNull, Level::kNode), "");
  EXPECT_EQ(error(Peer::kRingdist, Peer::kRingdist, Level::kPacket), "");
  EXPECT_THAT(error(Peer::kUring, Peer::kUring, Level::kNode),
              StartsWith("--level=node: "));
  EXPECT_THAT(error(Peer::kRingdist, Peer::kBeam, Level::kPacket),
              StartsWith("--level=packet: beam knows Erlang messages"));
  EXPECT_THAT(error(Peer::kEi, Peer::kRingdist, Level::kPacket),
              StartsWith("--level=packet: ei knows"));
  EXPECT_THAT(error(Peer::kNull, Peer::kRingdist, Level::kNode),
              StartsWith("--client: null"));
}

TEST(LoadSpecTest, ATargetIsANode) {
  EXPECT_EQ(ErrorOf([](LoadSpec& spec) { spec.target = "a@b"; }), "");
  EXPECT_THAT(ErrorOf([](LoadSpec& spec) {
                spec.target = "a@b";
                spec.level = Level::kPacket;
              }),
              StartsWith("--level=packet: --target"));
  EXPECT_THAT(ErrorOf([](LoadSpec& spec) {
                spec.target = "a@b";
                spec.client = Peer::kPlain;
                spec.level = Level::kPacket;
              }),
              StartsWith("--client=plain: is no node"));
}

TEST(LoadSpecTest, WorkloadsThatAnEndLacks) {
  EXPECT_THAT(ErrorOf([](LoadSpec& spec) {
                spec.workload = Workload::kCall;
                spec.level = Level::kPacket;
              }),
              StartsWith("--workload=call: packets make no calls"));
  EXPECT_THAT(
      ErrorOf([](LoadSpec& spec) {
        spec.workload = Workload::kConnect;
        spec.client = spec.server = Peer::kUring;
        spec.level = Level::kPacket;
      }),
      StartsWith("--workload=connect: --client=uring has no handshake"));
  EXPECT_THAT(ErrorOf([](LoadSpec& spec) {
                spec.workload = Workload::kFanOut;
                spec.arrival = Arrival::kConstant;
                spec.rate = 1;
              }),
              StartsWith("--rate: --workload=fanout has no open loop"));
  EXPECT_THAT(ErrorOf([](LoadSpec& spec) {
                spec.client = Peer::kBeam;
                spec.arrival = Arrival::kConstant;
                spec.rate = 1;
              }),
              StartsWith("--rate: --client=beam has no open loop"));
}

template <typename Enum>
void ExpectNamesToBeReadAsWritten() {
  for (const NamedValue<Enum>& named : NamesOf<Enum>()) {
    EXPECT_EQ(ToString(named.value), named.name);
    Enum read = {};
    EXPECT_TRUE(ParseName(named.name, read).ok());
    EXPECT_EQ(read, named.value);
  }
}

TEST(LoadSpecTest, NamesAreReadAsWritten) {
  ExpectNamesToBeReadAsWritten<Workload>();
  ExpectNamesToBeReadAsWritten<Level>();
  ExpectNamesToBeReadAsWritten<Peer>();
  ExpectNamesToBeReadAsWritten<Arrival>();
  ExpectNamesToBeReadAsWritten<Verify>();
  EXPECT_EQ(NamesOf<Workload>().size(), 8u);
  EXPECT_EQ(NamesOf<Peer>().size(), 9u);
}

TEST(LoadSpecTest, AnUnknownNameIsToldWhichThereAre) {
  Level level = Level::kNode;
  EXPECT_EQ(ParseName("byte", level).message(),
            "\"byte\" is none of packet, node");
  EXPECT_EQ(level, Level::kNode);
}

}  // namespace
}  // namespace ringdist
