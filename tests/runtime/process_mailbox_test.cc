// Messages that wait: Await, Pause, and the limits of mailboxes.

#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/testing/process_harness.h"
#include "ringdist/tests/testing/recorder.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ProcessMailboxTest : public ::testing::Test {
 protected:
  Node& node() { return harness_.node(); }
  void Run() { harness_.RunUntilIdle(); }
  void Send(const Recorder& to, int number) {
    ASSERT_TRUE(harness_.Send(to.pid, number).ok());
  }
  // Awaits this number; what comes is "awaited 5", or "timeout".
  void Await(Process& process, int number,
             absl::Duration timeout = absl::InfiniteDuration()) {
    process.Await(
        [number](const TermView& message) {
          return message.AsInt64() == number;
        },
        timeout,
        [this](Process&, const TermView& message) {
          a_.messages.push_back(message.empty() ? "timeout"
                                                : "awaited " + ToText(message));
        });
  }

  ProcessHarness harness_;
  Recorder a_{node()};
};

TEST_F(ProcessMailboxTest, AwaitTakesWhatIsWantedAndTheRestComesInOrder) {
  Await(a_.process, 5);
  EXPECT_TRUE(a_->IsAwaiting());
  for (const int number : {1, 2, 5, 3, 5}) Send(a_, number);
  Run();
  EXPECT_FALSE(a_->IsAwaiting());
  EXPECT_THAT(a_.messages, ElementsAre("awaited 5", "1", "2", "3", "5"));
}

TEST_F(ProcessMailboxTest, AwaitLooksAtWhatWaitsFirst) {
  a_->Pause();
  for (const int number : {1, 5, 2}) Send(a_, number);
  Run();
  Await(a_.process, 5);
  a_->Resume();
  Run();
  EXPECT_THAT(a_.messages, ElementsAre("awaited 5", "1", "2"));
}

TEST_F(ProcessMailboxTest, TheOldestThatIsWantedComesFirst) {
  // {k, 1} waits and was not looked at yet when {k, 2} arrives.
  const auto any_pair = [](const TermView& term) { return term.IsTuple(2); };
  a_->Pause();
  ASSERT_TRUE(harness_.Send(a_.pid, std::tuple(Atom("k"), 1)).ok());
  Run();
  ASSERT_TRUE(harness_.Send(a_.pid, std::tuple(Atom("k"), 2)).ok());
  a_->Resume();
  a_->Await(any_pair, absl::InfiniteDuration(),
            [this](Process&, const TermView& message) {
              a_.messages.push_back("awaited " + ToText(message));
            });
  Run();
  EXPECT_THAT(a_.messages, ElementsAre("awaited {k,1}", "{k,2}"));
}

TEST_F(ProcessMailboxTest, AnAwaitWithoutTimeStillLooksAtWhatWaits) {
  // As receive ... after 0.
  a_->Pause();
  Send(a_, 1);
  Send(a_, 5);
  Run();
  a_->Resume();
  Await(a_.process, 5, absl::ZeroDuration());
  Run();
  EXPECT_THAT(a_.messages, ElementsAre("awaited 5", "1"));
  Await(a_.process, 6, absl::ZeroDuration());
  Run();
  EXPECT_EQ(a_.messages.back(), "timeout");
}

TEST_F(ProcessMailboxTest, AfterATimeoutWhatWaitedComes) {
  a_.then = [&](Process&, const TermView&) {
    a_.then = nullptr;
    Await(a_.process, 5, absl::Milliseconds(5));
  };
  for (const int number : {1, 2, 3}) Send(a_, number);
  Run();
  EXPECT_THAT(a_.messages, ElementsAre("1"));
  harness_.probe().SendAfter(absl::Milliseconds(10), MakeTerm(1));
  harness_.Await();
  EXPECT_THAT(a_.messages, ElementsAre("1", "timeout", "2", "3"));
}

TEST_F(ProcessMailboxTest, AnAwaitInsideAnAwait) {
  std::vector<std::string>& got = a_.messages;
  const auto is = [](int number) {
    return [number](const TermView& term) { return term.AsInt64() == number; };
  };
  a_->Await(is(3), absl::InfiniteDuration(),
            [&](Process& self, const TermView& message) {
              got.push_back("first " + ToText(message));
              self.Await(is(1), absl::InfiniteDuration(),
                         [&](Process&, const TermView& second) {
                           got.push_back("second " + ToText(second));
                         });
            });
  for (const int number : {0, 1, 2, 3, 4}) Send(a_, number);
  Run();
  EXPECT_THAT(got, ElementsAre("first 3", "second 1", "0", "2", "4"));
}

TEST_F(ProcessMailboxTest, AwaitingAnewReplacesTheFirst) {
  Await(a_.process, 5, absl::ZeroDuration());
  Await(a_.process, 6);
  Send(a_, 5);
  Send(a_, 6);
  Run();
  EXPECT_THAT(a_.messages, ElementsAre("awaited 6", "5"));
}

TEST_F(ProcessMailboxTest, AHandlerAwaitsWhileThousandsArrive) {
  a_.then = [&](Process& self, const TermView& message) {
    if (message.AsInt64() == 0) Await(self, -1);
  };
  Send(a_, 0);
  for (int i = 1; i <= 3000; ++i) Send(a_, i);
  Run();
  EXPECT_THAT(a_.messages, ElementsAre("0"));
  EXPECT_EQ(a_->mailbox_count(), 3000u);
  Send(a_, -1);
  Run();
  ASSERT_EQ(a_.messages.size(), 3002u);
  EXPECT_EQ(a_.messages[1], "awaited -1");
  EXPECT_EQ(a_.messages[2], "1");
  EXPECT_EQ(a_.messages.back(), "3000");
}

TEST_F(ProcessMailboxTest, APredicateMayEndItsProcess) {
  for (const bool from_mailbox : {false, true}) {
    Recorder victim(node());
    if (from_mailbox) victim->Pause();
    Send(victim, 1);
    if (from_mailbox) Run();
    victim->Await(
        [&](const TermView&) {
          victim->Exit(MakeTerm(Atom("looked")));
          return false;
        },
        absl::InfiniteDuration(),
        [](Process&, const TermView&) { ADD_FAILURE(); });
    victim->Resume();
    Run();
    EXPECT_EQ(victim.death, "looked");
    EXPECT_THAT(victim.messages, IsEmpty());
  }
}

TEST_F(ProcessMailboxTest, WhatAwaitsMayEndItsProcess) {
  a_->Await([](const TermView&) { return true; }, absl::InfiniteDuration(),
            [](Process& self, const TermView&) {
              self.Exit(MakeTerm(Atom("enough")));
            });
  Send(a_, 1);
  Send(a_, 2);
  Run();
  EXPECT_EQ(a_.death, "enough");
  EXPECT_THAT(a_.messages, IsEmpty());
}

// Pause.

TEST_F(ProcessMailboxTest, WhatComesDuringAPauseWaits) {
  a_->Pause();
  for (const int number : {1, 2, 3}) Send(a_, number);
  Run();
  EXPECT_EQ(a_->mailbox_count(), 3u);
  a_.then = [](Process& self, const TermView&) { self.Pause(); };
  a_->Resume();
  EXPECT_THAT(a_.messages, IsEmpty()) << "inside the call";
  Run();
  EXPECT_THAT(a_.messages, ElementsAre("1"));
  a_.then = nullptr;
  Send(a_, 4);
  a_->Resume();
  Run();
  EXPECT_THAT(a_.messages, ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(a_->mailbox_bytes(), 0u);
}

// Limits.

ProcessOptions Limited(size_t bytes, MailboxLimitAction action) {
  ProcessOptions options;
  options.mailbox_bytes = bytes;
  options.at_mailbox_limit = action;
  return options;
}

TEST_F(ProcessMailboxTest, AtItsLimitAProcessEndsWithSystemLimit) {
  // What one message takes.
  a_->Pause();
  Send(a_, 1);
  Run();
  const size_t one = a_->mailbox_bytes();
  Recorder b(node(), Limited(3 * one, MailboxLimitAction::kExit));
  b->Pause();
  for (int i = 0; i < 3; ++i) Send(b, i);
  Run();
  EXPECT_TRUE(b->IsAlive()) << "just at its limit";
  Send(b, 3);
  Run();
  EXPECT_EQ(b.death, "system_limit");
}

TEST_F(ProcessMailboxTest, WhatDoesNotWaitHasNoLimit) {
  Recorder b(node(), Limited(1, MailboxLimitAction::kExit));
  ASSERT_TRUE(harness_.Send(b.pid, std::string(100'000, 'x')).ok());
  Send(b, 1);
  Run();
  EXPECT_EQ(b.messages.size(), 2u);
}

TEST_F(ProcessMailboxTest, AtItsLimitMessagesOfThisNodeAreRefused) {
  Recorder b(node(), Limited(1, MailboxLimitAction::kPause));
  ASSERT_TRUE(node().Register("b", b.pid).ok());
  const Reference alias = b->CreateAlias();
  b->Pause();
  Send(b, 1);
  Run();
  EXPECT_TRUE(absl::IsResourceExhausted(harness_.Send(b.pid, 2)));
  EXPECT_TRUE(absl::IsResourceExhausted(
      harness_.Send(NameAt{"b", "test@localhost"}, 2)));
  EXPECT_TRUE(absl::IsResourceExhausted(harness_.Send(alias, 2)));
  Send(a_, 2);
  b->Resume();
  Run();
  Send(b, 3);
  Run();
  EXPECT_THAT(b.messages, ElementsAre("1", "3"));
  EXPECT_THAT(a_.messages, ElementsAre("2"));
}

TEST_F(ProcessMailboxTest, OptionsAreValidated) {
  EXPECT_TRUE(ProcessOptions().Validate().ok());
  const absl::Status zero = Limited(0, MailboxLimitAction::kExit).Validate();
  EXPECT_TRUE(absl::IsInvalidArgument(zero));
  EXPECT_THAT(zero.message(), testing::HasSubstr("mailbox_bytes"));
}

}  // namespace
}  // namespace ringdist
