// An OutboundLink over a real connection, whose other end is read by hand.

#include "ringdist/runtime/outbound_link.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_decoder.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/tests/testing/connected_nodes.h"

namespace ringdist {
namespace {

constexpr size_t kLimit = 1024 * 1024;

Pid Sender(uint32_t number) { return {"a@localhost", number, 0, 1}; }
Pid Receiver(uint32_t number) { return {"b@localhost", number, 0, 1}; }

class OutboundLinkTest : public ConnectedNodesTest {
 protected:
  void StartWith(size_t send_queue_bytes, uint64_t without_flags = 0) {
    DistributionOptions a = OptionsOf("a@localhost");
    DistributionOptions b = OptionsOf("b@localhost");
    a.flags |= kOptionalNodeFlags;
    b.flags |= kOptionalNodeFlags;
    b.flags &= ~without_flags;
    a.send_queue_bytes = send_queue_bytes;
    Start(a, b);
    decoder_ = std::make_unique<DistributionDecoder>(channel_.peer().flags);
    link_ = std::make_unique<OutboundLink>(*reactor_, kLimit,
                                           [this] { ++progress_; });
    a_->on_writable = [this](Channel&) { link_->OnWritable(); };
    b_->on_packet = [this](Channel&, absl::string_view packet) {
      const absl::StatusOr<bool> complete = decoder_->Decode(packet);
      ASSERT_TRUE(complete.ok()) << complete.status();
      if (*complete) Receive(decoder_->message());
    };
  }

  // The signals of each pair have numbers.
  void Receive(const ControlMessage& signal) {
    ++received_;
    if (const auto* exit = std::get_if<control::Exit2>(&signal)) {
      EXPECT_EQ(exit->reason.AsInt64(), NextOf(exit->from.id, exit->to.id));
      return;
    }
    const auto* send = std::get_if<control::Send>(&signal);
    ASSERT_NE(send, nullptr);
    int64_t number = -1;
    ASSERT_TRUE(Matches(send->message, std::tuple(&number, Any())));
    EXPECT_EQ(number, NextOf(send->from->id, send->to.id));
  }

  int64_t NextOf(uint32_t from, uint32_t to) {
    return received_of_[{from, to}]++;
  }

  // A message of that size, or if it is 0 an exit signal, as the next of its
  // pair. False if it was refused.
  bool Send(uint32_t from, uint32_t to, size_t size, bool owed = false) {
    int64_t& number = sent_of_[{from, to}];
    if (size == 0) {
      link_->SendSignal(control::Exit2{.from = Sender(from),
                                       .to = Receiver(to),
                                       .token = {},
                                       .reason = MakeTerm(number),
                                       .reason_is_payload = true});
    } else {
      const absl::Status sent = link_->SendMessage(
          control::Send{.from = Sender(from),
                        .to = Receiver(to),
                        .token = {},
                        .message = {}},
          [&](TermWriter& writer) {
            WriteValue(writer, std::tuple(number, std::string(size, 'x')));
          },
          owed);
      if (!sent.ok()) return false;
    }
    ++number;
    ++sent_;
    return true;
  }

  using Numbers = std::map<std::pair<uint32_t, uint32_t>, int64_t>;
  std::unique_ptr<DistributionDecoder> decoder_;
  std::unique_ptr<OutboundLink> link_;
  int progress_ = 0;
  int sent_ = 0;
  int received_ = 0;
  Numbers sent_of_;
  Numbers received_of_;
};

TEST_F(OutboundLinkTest, EachPairKeepsItsOrderWhateverIsFull) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    StartWith(20'000 + random() % 600'000);
    const uint32_t up_after = random() % 400;
    for (uint32_t i = 0; i < 1000; ++i) {
      if (i == up_after) link_->Up(channel_);
      const size_t size =
          random() % 3 == 0 ? 0 : 1 + random() % (size_t{1} << random() % 19);
      Send(1 + random() % 3, 1 + random() % 2, size);
      if (random() % 20 == 0) {
        ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
      }
    }
    ASSERT_TRUE(Wait([&] { return received_ == sent_; }))
        << received_ << " of " << sent_;
    EXPECT_EQ(received_of_, sent_of_);
    EXPECT_EQ(link_->waiting_bytes(), 0u);
    EXPECT_EQ(link_->owed_bytes(), 0u);
    TearDown();
    link_.reset();
    a_.reset();
    b_.reset();
    sent_ = received_ = 0;
    sent_of_.clear();
    received_of_.clear();
  }
}

TEST_F(OutboundLinkTest, OnlySignalsAreOwed) {
  StartWith(100'000);
  ASSERT_TRUE(Send(1, 1, 1000));
  EXPECT_EQ(link_->owed_bytes(), 0u);
  EXPECT_GT(link_->waiting_bytes(), 1000u);
  Send(1, 1, 0);
  EXPECT_GT(link_->owed_bytes(), 0u);
  EXPECT_LT(link_->owed_bytes(), 1000u);
  link_->Up(channel_);
  EXPECT_EQ(link_->waiting_bytes(), 0u);
  EXPECT_GT(progress_, 0);
  ASSERT_TRUE(Wait([&] { return received_ == 2; }));
}

TEST_F(OutboundLinkTest, AnOwedMessageIsNeverRefusedAndKeepsItsPlace) {
  StartWith(100'000);
  while (Send(1, 1, 50'000)) ASSERT_LT(sent_, 1000);
  EXPECT_TRUE(Send(1, 1, 1000, /*owed=*/true)) << "before it is up";
  EXPECT_GT(link_->owed_bytes(), 1000u);
  link_->Up(channel_);
  while (Send(1, 1, 1000) || Send(2, 1, 1000)) ASSERT_LT(sent_, 1000);
  for (const uint32_t from : {1, 2}) {
    EXPECT_TRUE(Send(from, 1, 1000, /*owed=*/true));
    EXPECT_TRUE(Send(from, 1, 100'000, /*owed=*/true)) << "in fragments";
  }
  EXPECT_FALSE(Send(2, 1, 1000)) << "would overtake";
  ASSERT_TRUE(Wait([&] { return received_ == sent_; }));
  EXPECT_EQ(received_of_, sent_of_);
  EXPECT_EQ(link_->owed_bytes(), 0u);
}

TEST_F(OutboundLinkTest, TellsOnceThatWhatWasRefusedMayBeSent) {
  StartWith(100'000);
  while (Send(1, 1, 50'000)) ASSERT_LT(sent_, 1000);
  EXPECT_FALSE(link_->TakeRefused()) << "not up yet";
  link_->Up(channel_);
  ASSERT_TRUE(Wait([&] { return link_->TakeRefused(); }));
  EXPECT_FALSE(link_->TakeRefused());
  EXPECT_TRUE(Send(1, 1, 50'000));
  ASSERT_TRUE(Wait([&] { return received_ == sent_; }));
}

TEST_F(OutboundLinkTest, APeerIsOnlyAskedForMonitorsThatItKnows) {
  StartWith(100'000, kDflagDistMonitorName);
  int monitors = 0;
  bool done = false;
  b_->on_packet = [&](Channel&, absl::string_view packet) {
    ASSERT_TRUE(decoder_->Decode(packet).ok());
    const ControlMessage& signal = decoder_->message();
    done = std::holds_alternative<control::Exit2>(signal);
    if (done) return;
    const auto* monitor = std::get_if<control::MonitorP>(&signal);
    ASSERT_NE(monitor, nullptr);
    EXPECT_TRUE(std::holds_alternative<PidView>(monitor->to));
    ++monitors;
  };
  const Reference reference = {"a@localhost", 1, {1, 2, 3}};
  const auto monitor = [&] {
    const AtomView name = AtomView::Utf8("name");
    link_->SendSignal(control::MonitorP{
        .from = Sender(1), .to = Receiver(1), .reference = reference});
    link_->SendSignal(control::MonitorP{
        .from = Sender(1), .to = name, .reference = reference});
    link_->SendSignal(control::DemonitorP{
        .from = Sender(1), .to = name, .reference = reference});
  };
  monitor();
  link_->Up(channel_);
  monitor();
  Send(1, 1, 0);
  ASSERT_TRUE(Wait([&] { return done; }));
  EXPECT_EQ(monitors, 2);
}

}  // namespace
}  // namespace ringdist
