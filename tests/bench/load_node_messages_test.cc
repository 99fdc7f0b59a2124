#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "ringdist/bench/load/node_messages.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {
namespace {

Term Written(const NodeMessage& message) {
  StringWriter bytes;
  TermWriter writer(bytes);
  WriteMessage(writer, message);
  return Term::Trusted(std::string(bytes.view()));
}

const Pid& Client() {
  static const Pid* const pid = new Pid("c@localhost", 1, 2, 3);
  return *pid;
}

NodeMessage Message(MessageType type, bool is_request,
                    absl::string_view payload = "") {
  NodeMessage message;
  message.type = type;
  message.stream = 5;
  message.number = 300;
  message.payload = payload;
  if (is_request) message.from = Client();
  return message;
}

void ExpectComesBack(const NodeMessage& message) {
  const Term term = Written(message);
  NodeMessage read;
  std::string storage;
  ASSERT_TRUE(ReadMessage(term, read, storage)) << ToText(term);
  EXPECT_EQ(read.type, message.type);
  EXPECT_EQ(read.number, message.number);
  EXPECT_EQ(read.payload, message.payload) << ToText(term);
  EXPECT_EQ(read.from.has_value(), message.from.has_value());
  if (message.type != MessageType::kStall) {
    EXPECT_EQ(read.stream, message.stream);
  }
}

TEST(NodeMessagesTest, ComeBack) {
  const std::string report = EncodeReport({.time_ns = 1, .messages = 2});
  const absl::string_view size("\0\0\1\0", 4);
  ExpectComesBack(Message(MessageType::kData, false, "data"));
  ExpectComesBack(Message(MessageType::kEcho, true, "echo"));
  ExpectComesBack(Message(MessageType::kEcho, false, "echo"));
  ExpectComesBack(Message(MessageType::kAck, true, "ack"));
  ExpectComesBack(Message(MessageType::kAck, false));
  ExpectComesBack(Message(MessageType::kReport, true));
  ExpectComesBack(Message(MessageType::kReport, false, report));
  ExpectComesBack(Message(MessageType::kFlood, true, size));
  ExpectComesBack(Message(MessageType::kStall, false));
}

TEST(NodeMessagesTest, AreTheTermsThatOthersSpeak) {
  EXPECT_EQ(ToText(Written(Message(MessageType::kData, false, "x"))),
            "{5,300,<<\"x\">>}");
  EXPECT_EQ(ToText(Written(Message(MessageType::kAck, false))), "{ack,5,300}");
  EXPECT_EQ(ToText(Written(Message(MessageType::kStall, false))),
            "{stall,300}");
  EXPECT_TRUE(Matches(Written(Message(MessageType::kFlood, true,
                                      absl::string_view("\0\0\1\0", 4))),
                      std::tuple(Atom("flood"), Client(), 5, 300, 256)));
}

// A server of another kind knows fewer keys, or more.
TEST(NodeMessagesTest, AReportHasWhatIsKnown) {
  const Term term =
      MakeTerm(std::tuple(Atom("report"), 0, 7,
                          Map(std::pair(Atom("messages"), 12),
                              std::pair(Atom("moon"), Atom("full")))));
  NodeMessage message;
  std::string storage;
  ASSERT_TRUE(ReadMessage(term, message, storage));
  const std::optional<ServerReport> report = DecodeReport(message.payload);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->messages, 12U);
  EXPECT_EQ(report->bytes, 0U);
}

TEST(NodeMessagesTest, OtherTermsAreNone) {
  NodeMessage message;
  std::string storage;
  for (const Term& term :
       {MakeTerm(1), MakeTerm(Nil()), MakeTerm(std::tuple(Atom("echo"), 1)),
        MakeTerm(std::tuple(1, 2)), MakeTerm(std::tuple(1, 2, 3)),
        MakeTerm(std::tuple(Atom("moon"), 1, 2))}) {
    EXPECT_FALSE(ReadMessage(term, message, storage)) << ToText(term);
  }
}

}  // namespace
}  // namespace ringdist
