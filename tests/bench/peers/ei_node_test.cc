#include "ringdist/bench/peers/ei_node.h"

#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/bare_socket.h"
#include "ringdist/bench/peers/ei_socket.h"
#include "ringdist/bench/peers/temporary_directory.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {
namespace {

// Two nodes and their connection. The handshake takes two threads; from then
// on this one has both ends.
class EiNodeTest : public ::testing::Test {
 protected:
  void Connect(bool buffers, const std::string& cookie = "secret") {
    a_shared_.buffers = b_shared_.buffers = buffers;
    a_ = *EiNode::Create("a@localhost", "secret", a_shared_);
    b_ = *EiNode::Create("b@localhost", cookie, b_shared_);
    ASSERT_TRUE(b_->Listen(*ListenBare(directory_.path())).ok());
    absl::StatusOr<std::unique_ptr<EiLink>> to_a;
    std::thread acceptor([&] { to_a = b_->Accept(); });
    absl::StatusOr<std::unique_ptr<EiLink>> to_b =
        a_->Connect(*ConnectBare(directory_.path()));
    acceptor.join();
    connected_ = to_b.status();
    accepted_ = to_a.status();
    if (to_b.ok()) to_b_ = *std::move(to_b);
    if (to_a.ok()) to_a_ = *std::move(to_a);
  }

  // A binary of so many bytes; each has its own.
  static std::string Message(int number, size_t bytes) {
    return MakeTerm(std::string(bytes, static_cast<char>('a' + number % 26)))
        .ToExternal();
  }

  // As many as there is room for.
  int SendUntilFull(EiLink& link, size_t bytes) {
    int sent = 0;
    while (link.SendToName("p", Message(sent, bytes)) == EiLink::Sent::kSent) {
      ++sent;
    }
    return sent;
  }

  // Takes what there is, and expects it to be messages from `next` on. Returns
  // how many there were.
  int ReceiveAll(EiLink& link, int next, size_t bytes) {
    int received = 0;
    while (link.Receive(message_, buffer_) == EiLink::Got::kMessage) {
      EXPECT_EQ(buffer_.view(), Message(next + received, bytes));
      ++received;
    }
    return received;
  }

  TemporaryDirectory directory_;
  EiSocket::Shared a_shared_;
  EiSocket::Shared b_shared_;
  std::unique_ptr<EiNode> a_;
  std::unique_ptr<EiNode> b_;
  absl::Status connected_;
  absl::Status accepted_;
  std::unique_ptr<EiLink> to_b_;  // Of a.
  std::unique_ptr<EiLink> to_a_;
  erlang_msg message_;
  EiBuffer buffer_;
};

TEST_F(EiNodeTest, SendsToNamesAndToPids) {
  Connect(/*buffers=*/false);
  ASSERT_TRUE(connected_.ok() && accepted_.ok()) << connected_ << accepted_;
  const std::string term = MakeTerm(std::tuple(Atom("hello"), 1)).ToExternal();
  EXPECT_EQ(to_b_->SendToName("name", term), EiLink::Sent::kSent);
  ASSERT_EQ(to_a_->Receive(message_, buffer_), EiLink::Got::kMessage);
  EXPECT_EQ(message_.msgtype, ERL_REG_SEND);
  EXPECT_STREQ(message_.toname, "name");
  EXPECT_STREQ(message_.from.node, "a@localhost");
  EXPECT_EQ(buffer_.view(), term);

  EXPECT_EQ(to_a_->SendTo(a_->self(), term), EiLink::Sent::kSent);
  ASSERT_EQ(to_b_->Receive(message_, buffer_), EiLink::Got::kMessage);
  EXPECT_EQ(message_.msgtype, ERL_SEND);
  EXPECT_STREQ(message_.to.node, "a@localhost");
}

TEST_F(EiNodeTest, AnotherCookieIsAnErrorAtBothEnds) {
  Connect(/*buffers=*/false, "another");
  EXPECT_FALSE(connected_.ok());
  EXPECT_TRUE(absl::StrContains(connected_.message(), "cookie")) << connected_;
  EXPECT_FALSE(accepted_.ok());
}

TEST_F(EiNodeTest, NothingIsThereUntilSomethingComesOrTheTimeIsOver) {
  Connect(/*buffers=*/false);
  EXPECT_EQ(to_a_->Receive(message_, buffer_), EiLink::Got::kNothing);
  to_a_->socket().set_may_wait(true);
  EXPECT_EQ(to_a_->Receive(message_, buffer_), EiLink::Got::kNothing);
  to_b_->SendToName("p", Message(0, 10));
  EXPECT_EQ(to_a_->Receive(message_, buffer_), EiLink::Got::kMessage);
}

TEST_F(EiNodeTest, ThereIsNoRoomUntilThePeerReads) {
  for (const bool buffers : {false, true}) {
    SCOPED_TRACE(buffers);
    Connect(buffers);
    for (const size_t bytes : {size_t{10}, size_t{5000}}) {
      SCOPED_TRACE(bytes);
      const int sent = SendUntilFull(*to_b_, bytes);
      EXPECT_GT(sent, 1);
      int received = ReceiveAll(*to_a_, 0, bytes);
      while (to_b_->socket().Flush() == EAGAIN || received < sent) {
        received += ReceiveAll(*to_a_, received, bytes);
      }
      EXPECT_EQ(received, sent);
      EXPECT_EQ(ReceiveAll(*to_a_, 0, bytes), 0);
    }
    to_b_.reset();
    to_a_.reset();
    b_.reset();
    unlink(directory_.Join("dist_load").c_str());
  }
}

// Neither reads before it has written all, and no socket takes that much.
TEST_F(EiNodeTest, TwoThatWriteToEachOtherDoNotWaitForEver) {
  Connect(/*buffers=*/false);
  constexpr size_t kLarge = 8 * 1024 * 1024;
  const auto send_and_receive = [](EiLink& link, int sends, int receives) {
    erlang_msg message;
    EiBuffer buffer;
    EXPECT_EQ(link.SendToName("p", Message(sends, kLarge)),
              EiLink::Sent::kSent);
    link.socket().set_may_wait(true);
    EiLink::Got got = EiLink::Got::kNothing;
    while (got == EiLink::Got::kNothing) got = link.Receive(message, buffer);
    ASSERT_EQ(got, EiLink::Got::kMessage);
    EXPECT_EQ(buffer.view(), Message(receives, kLarge));
  };
  std::thread other([&] { send_and_receive(*to_a_, 0, 1); });
  send_and_receive(*to_b_, 1, 0);
  other.join();
  EXPECT_TRUE(a_shared_.has_read_ahead || b_shared_.has_read_ahead);
}

TEST_F(EiNodeTest, BuffersSaveSystemCalls) {
  constexpr int kMessages = 100;
  uint64_t calls[2] = {};
  for (const bool buffers : {false, true}) {
    Connect(buffers);
    const uint64_t before = a_shared_.system_calls + b_shared_.system_calls;
    for (int i = 0; i < kMessages; ++i) {
      ASSERT_EQ(to_b_->SendToName("p", Message(i, 10)), EiLink::Sent::kSent);
    }
    EXPECT_EQ(to_b_->socket().Flush(), 0);
    EXPECT_EQ(ReceiveAll(*to_a_, 0, 10), kMessages);
    calls[buffers] = a_shared_.system_calls + b_shared_.system_calls - before;
    to_b_.reset();
    to_a_.reset();
    b_.reset();
    unlink(directory_.Join("dist_load").c_str());
  }
  // A write, and reads of the length and of the rest.
  EXPECT_EQ(calls[false], 3u * kMessages + 1);
  EXPECT_LE(calls[true], 10u);
}

TEST_F(EiNodeTest, AClosedConnectionIsSeenByReadingAndByWriting) {
  Connect(/*buffers=*/false);
  to_a_.reset();
  EXPECT_EQ(to_b_->Receive(message_, buffer_), EiLink::Got::kClosed);
  EXPECT_EQ(to_b_->SendToName("p", Message(0, 10)), EiLink::Sent::kClosed);
}

TEST_F(EiNodeTest, TicksAreAnswered) {
  Connect(/*buffers=*/false);
  const absl::string_view tick("\0\0\0\0", 4);
  ASSERT_EQ(send(to_b_->socket().fd(), tick.data(), tick.size(), 0), 4);
  EXPECT_EQ(to_a_->Receive(message_, buffer_), EiLink::Got::kNothing);
  char answer[8];
  ASSERT_EQ(recv(to_b_->socket().fd(), answer, sizeof(answer), MSG_DONTWAIT),
            4);
  EXPECT_EQ(absl::string_view(answer, 4), tick);
}

TEST_F(EiNodeTest, ACallGoesToRex) {
  Connect(/*buffers=*/false);
  const Term arguments = MakeTerm(List(std::tuple(7)));
  EXPECT_EQ(to_b_->CallRex("lists", "seq", arguments.bytes()),
            EiLink::Sent::kSent);
  ASSERT_EQ(to_a_->Receive(message_, buffer_), EiLink::Got::kMessage);
  EXPECT_STREQ(message_.toname, "rex");
  EXPECT_TRUE(absl::EndsWith(ToText(*Term::FromExternal(buffer_.view())),
                             "{call,lists,seq,[7],user}}"));
}

TEST_F(EiNodeTest, ANameThatEiDoesNotTakeIsAnError) {
  const absl::StatusOr<std::unique_ptr<EiNode>> node =
      EiNode::Create(std::string(300, 'x') + "@localhost", "c", a_shared_);
  EXPECT_EQ(node.status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ringdist
