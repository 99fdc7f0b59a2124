// Once two nodes have settled, sending and receiving small messages allocates
// nothing: not per message, not per turn. This program counts all allocations,
// and so is one of its own.

#include <memory>
#include <string>
#include <tuple>

#include "absl/functional/function_ref.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/testing/allocation_counter.h"
#include "ringdist/tests/testing/message_nodes.h"

namespace ringdist {
namespace {

// Names that no small string holds in itself.
constexpr char kNameA[] = "a-node-with-a-name-that-is-long@localhost";
constexpr char kNameB[] = "b-node-with-a-name-that-is-long@localhost";

class MessageAllocationTest : public MessageNodesTest {
 protected:
  void SetUp() override {
    Start(OptionsOf(kNameA), OptionsOf(kNameB));
    counter_ = b_->Spawn([this](Process&, const TermView&) { ++received_; });
    sender_ =
        a_->Find(a_->Spawn([this](Process&, const TermView&) { ++received_; }));
    sender_pid_ = sender_.pid();
    ASSERT_TRUE(b_->Register("a-counter-with-a-long-name", counter_).ok());
    ASSERT_TRUE(Settle());
  }

  // How many allocations `traffic` costs, after it has run some times.
  size_t AllocationsOf(absl::FunctionRef<void()> traffic) {
    for (int i = 0; i < 5; ++i) traffic();
    const size_t before = allocations;
    for (int i = 0; i < 5; ++i) traffic();
    return allocations - before;
  }
  // Sends so many small messages and waits until they have arrived.
  void SendAndReceive(Process from, const Destination& to, size_t count) {
    const size_t expected = received_ + count;
    for (size_t i = 0; i < count; ++i) {
      ASSERT_TRUE(
          from.Send(to, std::tuple(Atom("hello"), PidView(sender_pid_), i))
              .ok());
    }
    ASSERT_TRUE(Wait([&] { return received_ == expected; }));
  }

  size_t received_ = 0;
  Pid counter_;
  Process sender_;
  Pid sender_pid_;
};

TEST_F(MessageAllocationTest, ThisTestSeesAllocations) {
  EXPECT_GT(AllocationsOf([] { EXPECT_NE(std::string(1000, 'x'), "x"); }), 0u);
}

TEST_F(MessageAllocationTest, ManyMessagesInOneTurnAllocateNothing) {
  EXPECT_EQ(AllocationsOf([&] { SendAndReceive(sender_, counter_, 1000); }),
            0u);
}

TEST_F(MessageAllocationTest, OneMessageAtATimeAllocatesNothing) {
  EXPECT_EQ(AllocationsOf([&] {
              for (int i = 0; i < 100; ++i) {
                SendAndReceive(sender_, counter_, 1);
              }
            }),
            0u);
}

TEST_F(MessageAllocationTest, MessagesToNamesAndAliasesAllocateNothing) {
  const Reference alias = b_->Find(counter_).CreateAlias();
  EXPECT_EQ(AllocationsOf([&] {
              SendAndReceive(sender_,
                             NameAt{"a-counter-with-a-long-name", kNameB}, 100);
              SendAndReceive(sender_, alias, 100);
            }),
            0u);
}

TEST_F(MessageAllocationTest, AMessageAndItsEchoAllocateNothing) {
  const Pid echo = b_->Spawn([](Process& self, const TermView& message) {
    PidView from;
    ASSERT_TRUE(Matches(message, std::tuple(Atom("hello"), &from, Any())));
    ASSERT_TRUE(self.Send(from, message).ok());
  });
  EXPECT_EQ(AllocationsOf([&] {
              for (int i = 0; i < 100; ++i) SendAndReceive(sender_, echo, 1);
            }),
            0u);
}

TEST_F(MessageAllocationTest, MessagesWithinANodeAllocateNothing) {
  const Process counter = b_->Find(counter_);
  EXPECT_EQ(AllocationsOf([&] { SendAndReceive(counter, counter_, 100); }), 0u);
}

TEST_F(MessageAllocationTest, MessagesThatWaitInAMailboxAllocateNothing) {
  Process counter = b_->Find(counter_);
  EXPECT_EQ(AllocationsOf([&] {
              counter.Pause();
              const size_t expected = received_ + 100;
              for (int i = 0; i < 100; ++i) {
                ASSERT_TRUE(sender_.Send(counter_, i).ok());
              }
              ASSERT_TRUE(Wait([&] { return counter.mailbox_count() == 100; }));
              counter.Resume();
              ASSERT_TRUE(Wait([&] { return received_ == expected; }));
            }),
            0u);
}

}  // namespace
}  // namespace ringdist
