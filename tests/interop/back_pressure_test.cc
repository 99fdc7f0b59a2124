// A consumer that holds its deliveries: the reader stops, the real node that
// sends is suspended, nothing grows, nobody else notices, and nothing is lost.

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/tests/interop/interop_test.h"
#include "ringdist/tests/testing/erlang_node.h"
#include "ringdist/tests/testing/memory_use.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

constexpr size_t kPayload = 64 * 1024;
constexpr size_t kMebibyte = 1024 * 1024;

// The number in a packet that says {sink, cpp@localhost} ! {Number, Binary};
// -1 if it is another packet.
int64_t NumberIn(absl::string_view packet) {
  ControlMessage message;
  if (!DecodePassThrough(packet, message).ok()) return -1;
  const auto* const send = std::get_if<control::RegSend>(&message);
  if (send == nullptr || !(send->to == "sink")) return -1;
  TermElements elements = send->message.elements();
  TermView number;
  TermView binary;
  elements.Next(number);
  elements.Next(binary);
  const bool whole =
      binary.AsBinary().has_value() && binary.AsBinary()->size() == kPayload;
  return whole ? number.AsInt64().value_or(-1) : -1;
}

// Answers net_adm:ping, {'$gen_call', {Pid, Tag}, _} to net_kernel, with
// {Tag, yes}.
void AnswerPing(Channel& channel, absl::string_view packet) {
  ControlMessage message;
  EXPECT_TRUE(DecodePassThrough(packet, message).ok());
  const auto* const call = std::get_if<control::RegSend>(&message);
  PidView caller;
  TermView tag;
  if (call == nullptr ||
      !Matches(call->message, std::tuple(Atom("$gen_call"),
                                         std::tuple(&caller, &tag), Any()))) {
    return;
  }
  const Term yes = MakeTerm(std::tuple(tag, Atom("yes")));
  PacketWriter answer = channel.BeginPacket();
  EncodePassThrough(
      control::Send{.from = {}, .to = caller, .token = {}, .message = yes},
      answer);
  EXPECT_TRUE(answer.Commit().ok());
}

// A peer that sends the same packet again and again, as fast as it is read.
struct LoudPeer {
  LoudPeer(InteropTest& test, const std::string& name)
      : raw(test.reactor(), test.directory().Join("cpp"), name) {
    raw.cookie = test.OptionsFor(name).cookie;
    raw.Send(raw.Dial());
  }

  void SendUntilFull(absl::string_view packet) {
    ssize_t size = 0;
    while (size >= 0) {
      size = send(raw.fd(), packet.data() + sent, packet.size() - sent,
                  MSG_NOSIGNAL);
      if (size > 0) sent = (sent + static_cast<size_t>(size)) % packet.size();
    }
  }

  RawPeer raw;
  size_t sent = 0;  // Of the packet that is being sent.
};

class BackPressureTest : public InteropTest {
 protected:
  // Holds what comes from erl@localhost and the raw peers, as long as it is
  // told to, and does a node's duties for all others.
  void SetUp() override {
    InteropTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    node_ = std::make_unique<TestNode>(reactor(), OptionsFor("cpp@localhost"));
    node_->on_packet = [this](Channel& channel, absl::string_view packet) {
      if (absl::StartsWith(channel.peer().name.full(), "other")) {
        return AnswerPing(channel, packet);
      }
      ++taken_;
      in_order_ &= NumberIn(packet) == taken_;
      if (holding_) held_.push_back(channel.TakeDelivery());
    };
    ASSERT_TRUE((*node_)->Listen().ok());
  }

  // Starts a process there that sends so many numbered messages.
  std::unique_ptr<ErlangNode> StartSender(int messages) {
    std::unique_ptr<ErlangNode> erlang = StartErlang();
    EXPECT_EQ(
        EvalRunning(*erlang,
                    absl::StrCat("Binary = binary:copy(<<1>>, ", kPayload,
                                 "), Sink = {sink, cpp@localhost},"
                                 "Sender = spawn(fun() -> [Sink ! {Number,"
                                 " Binary} || Number <- lists:seq(1, ",
                                 messages, ")] end), ok.")),
        "ok");
    return erlang;
  }

  // The oldest of what is held.
  void Release(size_t deliveries) {
    held_.erase(held_.begin(),
                held_.begin() + static_cast<std::ptrdiff_t>(deliveries));
  }

  bool holding_ = true;
  std::vector<Delivery> held_;
  int64_t taken_ = 0;
  bool in_order_ = true;
  std::unique_ptr<TestNode> node_;
};

TEST_F(BackPressureTest, WhoHoldsDeliveriesStopsTheSenderAndLosesNothing) {
  constexpr int kMessages = 32768;  // 2 GiB.
  const std::unique_ptr<ErlangNode> erlang = StartSender(kMessages);
  ASSERT_TRUE(RunUntil([&] { return held_.size() == 10; }));
  const size_t resident = ResidentBytes();
  RunFor(absl::Seconds(2));
  EXPECT_EQ(taken_, 10);
  EXPECT_LT(ResidentBytes(), resident + 8 * kMebibyte);
  const Channel channel = (*node_)->Find(NameOf("erl@localhost"));
  EXPECT_LT(channel.statistics().bytes_in, 4 * kMebibyte);
  EXPECT_EQ(EvalRunning(*erlang,
                        "{process_info(Sender, status),"
                        " erlang:send(Sink, more, [nosuspend])}."),
            "{{status,suspended},nosuspend}");

  holding_ = false;
  held_.clear();
  ASSERT_TRUE(RunUntil([&] { return taken_ == kMessages; }));
  EXPECT_TRUE(in_order_);
  EXPECT_EQ(EvalRunning(*erlang, "is_process_alive(Sender)."), "false");
  EXPECT_EQ(node_->events().size(), 1u);
}

TEST_F(BackPressureTest, ReadingGoesOnWhenHalfIsLeft) {
  const std::unique_ptr<ErlangNode> erlang = StartSender(1000);
  ASSERT_TRUE(RunUntil([&] { return taken_ == 10; }));
  Release(4);
  RunFor(absl::Milliseconds(100));
  EXPECT_EQ(taken_, 10);
  Release(1);
  ASSERT_TRUE(RunUntil([&] { return taken_ == 15; }));
  RunFor(absl::Milliseconds(100));
  EXPECT_EQ(taken_, 15);
  // In any order, and all at once.
  std::swap(held_.front(), held_.back());
  held_.clear();
  ASSERT_TRUE(RunUntil([&] { return taken_ == 25; }));
  EXPECT_TRUE(in_order_);
}

TEST_F(BackPressureTest, WhatArrivedIsDeliveredThoughTheSenderIsGone) {
  const std::unique_ptr<ErlangNode> erlang = StartSender(1000);
  ASSERT_TRUE(RunUntil([&] { return taken_ == 10; }));
  RunFor(absl::Milliseconds(100));
  erlang->Kill();
  RunFor(absl::Milliseconds(100));
  holding_ = false;
  held_.clear();
  ASSERT_TRUE(RunUntil([&] { return node_->events().size() == 2; }));
  EXPECT_GT(taken_, 10);
  EXPECT_TRUE(in_order_);
}

TEST_F(BackPressureTest, OthersAreServedMeanwhile) {
  const std::unique_ptr<ErlangNode> other =
      StartErlang({.name = "other@localhost"});
  constexpr absl::string_view kRoundTrips =
      "length([yes = gen_server:call({net_kernel, cpp@localhost},"
      " {is_auth, node()}) || _ <- lists:seq(1, 500)]).";

  const std::unique_ptr<ErlangNode> erlang = StartSender(1000);
  // And many more, who send as much as they can.
  constexpr size_t kLoud = 40;
  std::vector<LoudPeer> loud;
  for (size_t i = 0; i < kLoud; ++i) {
    loud.emplace_back(*this, absl::StrCat("loud", i, "@localhost"));
  }
  const std::string packet = DataPacket(std::string(kPayload, 'x'));
  ASSERT_TRUE(RunUntil([&] {
    for (LoudPeer& peer : loud) peer.SendUntilFull(packet);
    return held_.size() == 10 * (kLoud + 1);
  }));

  EXPECT_EQ(EvalRunning(*other, kRoundTrips), "500");
  EXPECT_EQ(held_.size(), 10 * (kLoud + 1));
}

}  // namespace
}  // namespace ringdist
