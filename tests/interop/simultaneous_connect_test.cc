// We and a real node dial each other at the same moment, again and again: the
// attempt of the node with the greater name survives, and both find that out
// by themselves.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/interop_test.h"
#include "ringdist/tests/testing/erlang_node.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

constexpr int kRounds = 200;
constexpr absl::string_view kErlang = "mmm@localhost";

// The parameter is our name: before or after theirs in Erlang's order.
class SimultaneousConnectTest
    : public InteropTest,
      public ::testing::WithParamInterface<absl::string_view> {
 protected:
  void SetUp() override {
    InteropTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    erlang_ = StartErlang({.name = std::string(kErlang)});
    NodeOptions options;
    options.distribution.name = std::string(GetParam());
    node_ = std::make_unique<RecordedNode>(*this, options);
    ASSERT_TRUE((*node_)->Listen().ok());
    ASSERT_EQ(Eval("net_kernel:monitor_nodes(true, [{node_type, all}]),"
                   "Peer = ",
                   GetParam(),
                   ", News = fun() -> receive {News, Peer, _} -> News"
                   "  after 10000 -> none end end, ok."),
              "ok");
  }

  template <typename... Parts>
  std::string Eval(const Parts&... parts) {
    return EvalRunning(*erlang_, absl::StrCat(parts...));
  }
  DistributionStatistics Statistics() {
    return (*node_)->distribution().statistics();
  }

  // Both dial. Every other round we do when theirs has arrived, but not what it
  // says: then they cross for certain. In the others chance has it.
  void DialBoth(int round) {
    const int64_t dialling =
        erlang_->EvalAsync("net_kernel:connect_node(Peer).");
    if (round % 2 == 0) {
      ASSERT_TRUE(RunUntil([&] { return Statistics().connections > 0; }));
    } else {
      RunFor(round % 50 * absl::Microseconds(10));
    }
    const uint64_t failed = Statistics().handshakes_failed;
    ASSERT_TRUE((*node_)->Connect(NameOf(kErlang)).ok());
    ASSERT_TRUE(RunUntil([&] { return erlang_->Ready(dialling); }));
    EXPECT_EQ(*erlang_->Wait(dialling), "true");
    ASSERT_TRUE(RunUntil([&] { return (*node_)->Nodes().size() == 1; }));
    // The attempt that lost is closed.
    ASSERT_TRUE(RunUntil([&] { return Statistics().connections == 1; }));
    if (Statistics().handshakes_failed > failed) ++crossings_;
  }

  void Disconnect(int round) {
    if (round % 4 < 2) {
      ASSERT_TRUE((*node_)->Disconnect(NameOf(kErlang)).ok());
    } else {
      ASSERT_EQ(Eval("erlang:disconnect_node(Peer)."), "true");
    }
    EXPECT_EQ(Eval("News()."), "nodedown");
    ASSERT_TRUE(RunUntil([&] { return Statistics().connections == 0; }));
  }

  std::unique_ptr<ErlangNode> erlang_;
  std::unique_ptr<RecordedNode> node_;
  int crossings_ = 0;
};

TEST_P(SimultaneousConnectTest, LeavesOneConnectionThatBothSidesUse) {
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    ASSERT_NO_FATAL_FAILURE(DialBoth(round));
    EXPECT_EQ(Eval("{News(), nodes(connected), net_adm:ping(Peer)}."),
              absl::StrCat("{nodeup,[", GetParam(), "],pong}"));
    // Their listening socket and one connection.
    EXPECT_EQ(Eval("length([P || P <- erlang:ports(),"
                   " erlang:port_info(P, name) =:= {name, \"tcp_inet\"}])."),
              "2");
    EXPECT_TRUE(node_->Ping(kErlang).ok());
    ASSERT_NO_FATAL_FAILURE(Disconnect(round));
    ASSERT_EQ(node_->events().size(), 2u * (round + 1));
    ASSERT_EQ(node_->Count("up"), round + 1);
    ASSERT_EQ(node_->Count("down"), round + 1);
  }
  EXPECT_EQ(Eval("process_info(self(), messages)."), "{messages,[]}");
  RecordProperty("crossings", crossings_);
  EXPECT_GE(crossings_, kRounds / 2);
}

INSTANTIATE_TEST_SUITE_P(OurName, SimultaneousConnectTest,
                         ::testing::Values("aaa@localhost", "zzz@localhost"));

}  // namespace
}  // namespace ringdist
