#include "ringdist/bench/peers/ei_messages.h"

#include <cstring>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/node_messages.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {
namespace {

constexpr absl::string_view kFourBytes("\0\1\0\0", 4);  // A flood's size.

// What ei and our own encoder have for the same message.
struct Case {
  MessageType type;
  bool is_request;
  absl::string_view payload;
};
const std::string& Report() {
  static const std::string* const report = new std::string(EncodeReport(
      {.time_ns = 1, .messages = 300, .bytes = uint64_t{1} << 60}));
  return *report;
}
std::vector<Case> AllMessages() {
  return {{MessageType::kData, true, "payload"},
          {MessageType::kData, false, ""},
          {MessageType::kEcho, true, "payload"},
          {MessageType::kEcho, false, "payload"},
          {MessageType::kReport, true, ""},
          {MessageType::kReport, false, Report()},
          {MessageType::kFlood, true, kFourBytes},
          {MessageType::kAck, true, "payload"},
          {MessageType::kAck, false, ""},
          {MessageType::kStall, true, ""}};
}

erlang_pid MakePid() {
  erlang_pid pid = {};
  std::strcpy(pid.node, "a@localhost");
  pid.num = 5;
  pid.creation = 77;
  return pid;
}

Term TermOf(absl::string_view external) {
  return Term::FromExternal(external).value();
}

// As our own nodes send it.
Term OursOf(const Case& each, uint64_t number) {
  NodeMessage message = {.type = each.type,
                         .stream = 3,
                         .number = number,
                         .payload = each.payload,
                         .from = {}};
  const PidView from{.node = AtomView::Utf8("a@localhost"),
                     .id = 5,
                     .serial = 0,
                     .creation = 77};
  const bool has_from = each.is_request && each.type != MessageType::kData &&
                        each.type != MessageType::kStall;
  if (has_from) message.from = from;
  StringWriter bytes;
  TermWriter writer(bytes);
  WriteMessage(writer, message);
  return Term::Trusted(std::string(bytes.view()));
}

TEST(EiMessagesTest, AreThoseOfOurOwnNodes) {
  EiEncoder encoder;
  for (const Case& each : AllMessages()) {
    for (const uint64_t number : {uint64_t{0}, uint64_t{300}, kMaxNumber}) {
      const EiMessage message = {.type = each.type,
                                 .stream = 3,
                                 .number = number,
                                 .payload = each.payload};
      const absl::string_view bytes = each.is_request
                                          ? encoder.Request(message, MakePid())
                                          : encoder.Answer(message);
      EXPECT_EQ(ToText(TermOf(bytes)), ToText(OursOf(each, number)));
    }
  }
}

TEST(EiMessagesTest, AreDecodedToWhatWasEncoded) {
  EiEncoder encoder;
  for (const Case& each : AllMessages()) {
    SCOPED_TRACE(ToText(OursOf(each, 300)));
    const EiMessage message = {
        .type = each.type, .stream = 3, .number = 300, .payload = each.payload};
    const absl::string_view bytes = each.is_request
                                        ? encoder.Request(message, MakePid())
                                        : encoder.Answer(message);
    EiMessage decoded;
    erlang_pid from = {};
    std::string storage;
    ASSERT_TRUE(DecodeEiMessage(bytes, decoded, from, storage));
    EXPECT_EQ(decoded.type, each.type);
    EXPECT_EQ(decoded.number, 300u);
    EXPECT_EQ(decoded.payload, each.payload);
    EXPECT_EQ(decoded.stream, each.type == MessageType::kStall ? 0u : 3u);
    const bool has_from = each.is_request && each.type != MessageType::kData &&
                          each.type != MessageType::kStall;
    EXPECT_STREQ(from.node, has_from ? "a@localhost" : "");
  }
}

TEST(EiMessagesTest, AnswersToCallsHaveTheirResult) {
  EiMessage decoded;
  erlang_pid from = {};
  std::string storage;
  const std::string answer =
      MakeTerm(std::tuple(Atom("rex"), "payload")).ToExternal();
  ASSERT_TRUE(DecodeEiMessage(answer, decoded, from, storage));
  EXPECT_EQ(decoded.type, MessageType::kCall);
  EXPECT_EQ(decoded.payload, "payload");
}

TEST(EiMessagesTest, EverythingElseIsNone) {
  for (const absl::string_view text :
       {"hello", "{}", "{echo}", "{hello, 1, 2}", "{1, 2, 3}", "{1, a, <<>>}",
        "{echo, 1, 2}", "{report, 1, 2, hello}", "{rex, nok}", "{stall, a}",
        "[1, 2, <<>>]", "{flood, 1, 2, 3, 4}"}) {
    EiMessage decoded;
    erlang_pid from = {};
    std::string storage;
    EXPECT_FALSE(
        DecodeEiMessage(ParseTerm(text)->ToExternal(), decoded, from, storage))
        << text;
  }
}

}  // namespace
}  // namespace ringdist
