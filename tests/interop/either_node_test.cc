#include "ringdist/tests/interop/either_node_test.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ringdist/proto/check.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/testing/test_node.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {

std::string KindName(const ::testing::TestParamInfo<NodeKind>& info) {
  return info.param == NodeKind::kErlang ? "Erlang" : "Ours";
}

void EitherNodeTest::SetUp() {
  InteropTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  if (!is_ours()) {
    erlang_ =
        StartErlang({.name = "srv@localhost", .cookie = std::string(kCookie)});
    return;
  }
  NodeOptions options;
  options.distribution.name = "srv@localhost";
  options.distribution.cookie = std::string(kCookie);
  ours_ = std::make_unique<RecordedNode>(*this, options);
  ASSERT_TRUE((*ours_)->Listen().ok());
}

RawPeer EitherNodeTest::DialIt(absl::string_view own_name) {
  RawPeer peer(reactor(), directory().Join("srv"), own_name);
  peer.cookie = std::string(kCookie);
  return peer;
}

RawPeer EitherNodeTest::LetItDial() {
  if (!listening_.valid()) {
    listening_ = ListenAt(directory().Join("cpp"), /*backlog=*/5);
  }
  if (is_ours()) {
    events_before_ = ours_->events().size();
    RINGDIST_CHECK((*ours_)->Connect(NameOf("cpp@localhost")).ok());
  } else {
    dialling_ = erlang_->EvalAsync("net_kernel:connect_node(cpp@localhost).");
  }
  RawPeer peer = AcceptPeer(reactor(), listening_, "cpp@localhost");
  peer.cookie = std::string(kCookie);
  return peer;
}

bool EitherNodeTest::ItsDialSucceeded() {
  if (!is_ours()) {
    RINGDIST_CHECK(RunUntil([&] { return erlang_->Ready(dialling_); }));
    return erlang_->Wait(dialling_).value() == "true";
  }
  RINGDIST_CHECK(
      RunUntil([&] { return ours_->events().size() > events_before_; }));
  return ours_->events().back() == "up cpp@localhost";
}

bool EitherNodeTest::IsConnectedTo(absl::string_view peer) {
  if (is_ours()) {
    return (*ours_)->distribution().Find(NameOf(peer)).IsUp();
  }
  return EvalRunning(*erlang_, absl::StrCat("lists:member(", peer,
                                            ", nodes(connected)).")) == "true";
}

bool EitherNodeTest::LosesConnectionTo(absl::string_view peer) {
  if (!RunUntil([&] { return !IsConnectedTo(peer); })) return false;
  if (is_ours()) return true;
  // Only then does net_kernel forget it; until it has, it would say "alive".
  const std::string remembers =
      absl::StrCat("ets:member(sys_dist, ", peer, ").");
  return RunUntil([&] { return EvalRunning(*erlang_, remembers) == "false"; });
}

std::string EitherNodeTest::Words() {
  if (is_ours()) {
    return absl::StrCat(ours_->log(), absl::StrJoin(ours_->events(), "\n"));
  }
  EvalRunning(*erlang_, "ok.");
  return erlang_->output();
}

}  // namespace ringdist
