// A probe and a node of ours that exports what it asks for.

#include "ringdist/tools/node_probe.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/incoming_call.h"
#include "ringdist/tests/testing/message_nodes.h"

namespace ringdist {
namespace {

class NodeProbeTest : public MessageNodesTest {
 protected:
  // Connects, and tells the probe.
  void StartProbe(absl::Duration timeout = absl::Seconds(20)) {
    Start();
    ASSERT_TRUE(Settle());
    probe_ = std::make_unique<NodeProbe>(*reactor_, *a_, b_->name(), timeout);
    probe_->OnUp();
  }
  // Its callbacks are the probe's.
  void TearDown() override { a_.reset(); }

  // Functions of the module erlang, by their argument.
  void ExportAnswers() {
    for (const char* function : {"statistics", "system_info", "memory"}) {
      ASSERT_TRUE(
          b_->Export("erlang", function, 1,
                     [this](IncomingCall call, const TermView& arguments) {
                       Answer(std::move(call), arguments);
                     })
              .ok());
    }
  }
  void Answer(IncomingCall call, const TermView& arguments) {
    const auto items = ReadValue<std::vector<Atom>>(arguments);
    ASSERT_TRUE(items.ok()) << items.status();
    const std::string& item = items->front().text;
    asked_.push_back(item);
    if (item == "total_run_queue_lengths") return call.Return(3);
    if (item == "process_count") return call.Return(47);
    if (item == "total") return call.Return(uint64_t{1} << 40);
    if (item != "io") return call.Error(Atom("badarg"));
    const auto io = std::exchange(io_, {io_.first + 1000, io_.second - 1000});
    call.Return(std::tuple(std::tuple(Atom("input"), io.first),
                           std::tuple(Atom("output"), io.second)));
  }

  // Asks, and waits for the next sample.
  WatchSample NextSample() {
    probe_->Ask();
    std::optional<WatchSample> sample;
    EXPECT_TRUE(Wait([&] {
      sample = probe_->TakeSample();
      return sample.has_value();
    }));
    return sample.value_or(WatchSample());
  }

  std::unique_ptr<NodeProbe> probe_;
  std::vector<std::string> asked_;
  std::pair<uint64_t, uint64_t> io_ = {5000, 5000};
};

TEST_F(NodeProbeTest, MeasuresTheRoundTripAndTheConnection) {
  StartProbe();
  const WatchSample sample = NextSample();
  EXPECT_GT(sample.round_trip, absl::ZeroDuration());
  EXPECT_GT(sample.packets_in, 0);
  EXPECT_GT(sample.packets_out, 0);
  EXPECT_GT(sample.bytes_in, sample.packets_in);
  EXPECT_GT(sample.bytes_out, sample.packets_out);
  EXPECT_FALSE(sample.processes.has_value());
  // Once per answer.
  EXPECT_FALSE(probe_->TakeSample().has_value());
}

TEST_F(NodeProbeTest, TellsWhatTheNodeTells) {
  StartProbe();
  ExportAnswers();
  NextSample();
  ASSERT_TRUE(Wait([&] { return asked_.size() == 4; }));
  WatchSample sample = NextSample();
  EXPECT_EQ(sample.run_queue, 3u);
  EXPECT_EQ(sample.processes, 47u);
  EXPECT_EQ(sample.memory, uint64_t{1} << 40);
  // A rate needs two totals.
  EXPECT_FALSE(sample.io_in.has_value());
  ASSERT_TRUE(Wait([&] { return asked_.size() == 8; }));
  sample = NextSample();
  ASSERT_TRUE(sample.io_in.has_value());
  EXPECT_GT(*sample.io_in, 0);
  // A total that became smaller is one that began again.
  EXPECT_EQ(sample.io_out, 0);
}

TEST_F(NodeProbeTest, ANodeThatDoesNotKnowTheQuestionsIsOnlyPinged) {
  StartProbe();
  ASSERT_TRUE(b_->Export("erlang", "statistics", 1,
                         [this](IncomingCall call, const TermView&) {
                           asked_.emplace_back("refused");
                           call.Error(Atom("badarg"));
                         })
                  .ok());
  for (int i = 0; i < 5; ++i) NextSample();
  EXPECT_EQ(asked_.size(), 1u);
  // After a restart it may be another one.
  probe_->OnUp();
  for (int i = 0; i < 5; ++i) NextSample();
  EXPECT_EQ(asked_.size(), 2u);
}

TEST_F(NodeProbeTest, PingsOnWhenAQuestionHangs) {
  StartProbe();
  std::optional<IncomingCall> open;
  ASSERT_TRUE(b_->Export("erlang", "statistics", 1,
                         [&](IncomingCall call, const TermView&) {
                           asked_.emplace_back("open");
                           open = std::move(call);
                         })
                  .ok());
  for (int i = 0; i < 5; ++i) NextSample();
  EXPECT_EQ(asked_.size(), 1u);
  open->Return(7);
  // The next question is one that it does not know.
  EXPECT_TRUE(Wait([&] { return NextSample().run_queue == 7u; }));
}

TEST_F(NodeProbeTest, AsksAgainIfAnAnswerDoesNotComeInTime) {
  StartProbe(absl::Milliseconds(20));
  std::vector<IncomingCall> open;
  ASSERT_TRUE(b_->Export("erlang", "statistics", 1,
                         [&](IncomingCall call, const TermView&) {
                           open.push_back(std::move(call));
                         })
                  .ok());
  EXPECT_TRUE(Wait([&] {
    probe_->Ask();
    return open.size() == 2;
  }));
}

TEST_F(NodeProbeTest, WhatWasKnownIsForgottenWhenTheNodeComesUpAgain) {
  StartProbe();
  ExportAnswers();
  NextSample();
  ASSERT_TRUE(Wait([&] { return asked_.size() == 4; }));
  EXPECT_TRUE(NextSample().memory.has_value());
  ASSERT_TRUE(Wait([&] { return asked_.size() == 8; }));
  const absl::Time before = reactor_->Now();
  probe_->OnUp();
  EXPECT_FALSE(probe_->TakeSample().has_value());
  EXPECT_GE(probe_->last_answer(), before);
}

}  // namespace
}  // namespace ringdist
