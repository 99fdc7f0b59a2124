// The I/O protocol by hand. What real nodes print is in
// tests/interop/calls_test.cc.

#include "ringdist/runtime/group_leader.h"

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/testing/process_harness.h"
#include "ringdist/tests/testing/message_nodes.h"
#include "ringdist/tests/testing/recorder.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GroupLeaderTest : public ::testing::Test {
 protected:
  // m:text/1 makes text, m:none/1 makes none, m:keeps/1 is not answered.
  void SetUp() override {
    Node& node = harness_.node();
    ASSERT_TRUE(
        node.Export("m", "text",
                    [](const std::string& text) { return "made " + text; })
            .ok());
    ASSERT_TRUE(
        node.Export("m", "none", [](const Term&) { return Atom("none"); })
            .ok());
    ASSERT_TRUE(node.Export("m", "keeps", 1,
                            [this](IncomingCall call, const TermView&) {
                              kept_.push_back(std::move(call));
                            })
                    .ok());
  }

  NodeOptions Options() {
    NodeOptions options;
    options.on_output = [this](absl::string_view text, const PidView& from) {
      EXPECT_EQ(Pid(from), harness_.pid());
      printed_.emplace_back(text);
    };
    return options;
  }

  template <typename Request>
  std::string Ask(const Request& request) {
    return AskAs(Atom("me"), request);
  }
  template <typename Mark, typename Request>
  std::string AskAs(const Mark& mark, const Request& request) {
    EXPECT_TRUE(
        harness_
            .Send(NameAt{"user", "test@localhost"},
                  std::tuple(Atom("io_request"), harness_.pid(), mark, request))
            .ok());
    harness_.RunUntilIdle();
    return Answer();
  }
  // What it replied to `me`.
  std::string Answer() {
    if (harness_.received().empty()) return "nothing";
    const Term reply = harness_.Await();
    EXPECT_THAT(harness_.received(), IsEmpty());
    TermView value;
    EXPECT_TRUE(Matches(reply, std::tuple(Atom("io_reply"), Any(), &value)));
    return ToText(value);
  }
  static auto Put(absl::string_view text) {
    return std::tuple(Atom("put_chars"), Atom("unicode"), std::string(text));
  }
  static auto Make(absl::string_view function, absl::string_view text) {
    return std::tuple(Atom("put_chars"), Atom("unicode"), Atom("m"),
                      Atom(function), List(std::make_tuple(std::string(text))));
  }

  std::vector<std::string> printed_;
  std::vector<IncomingCall> kept_;
  ProcessHarness harness_{Options()};
};

TEST_F(GroupLeaderTest, TextIsTold) {
  EXPECT_EQ(Ask(Put("caf\xC3\xA9")), "ok");
  EXPECT_EQ(Ask(std::tuple(Atom("put_chars"), Atom("unicode"),
                           std::vector<int>{'a', 0x20AC})),
            "ok");
  EXPECT_EQ(Ask(std::tuple(Atom("put_chars"), Atom("latin1"),
                           std::string("caf\xE9"))),
            "ok");
  // As nodes without unicode send it.
  EXPECT_EQ(Ask(std::tuple(Atom("put_chars"), std::vector<int>{'b', 0xE9})),
            "ok");
  EXPECT_EQ(Ask(Put("")), "ok");
  EXPECT_THAT(printed_, ElementsAre("caf\xC3\xA9", "a\xE2\x82\xAC",
                                    "caf\xC3\xA9", "b\xC3\xA9"));
}

TEST_F(GroupLeaderTest, TextThatIsNoneIsAnError) {
  const auto error = [&](const char* encoding, const Term& text) {
    return Ask(std::tuple(Atom("put_chars"), Atom(encoding), text));
  };
  EXPECT_EQ(error("unicode", MakeTerm(std::string("\xFF"))),
            "{error,put_chars}");
  EXPECT_EQ(error("unicode", MakeTerm(Atom("x"))), "{error,put_chars}");
  EXPECT_EQ(error("latin1", MakeTerm(std::vector{0x20AC})),
            "{error,put_chars}");
  EXPECT_THAT(printed_, IsEmpty());
}

TEST_F(GroupLeaderTest, TextIsMadeByTheFunctionThatIsNamed) {
  EXPECT_EQ(Ask(Make("text", "x")), "ok");
  EXPECT_EQ(Ask(std::tuple(Atom("put_chars"), Atom("m"), Atom("text"),
                           List(std::make_tuple("old")))),
            "ok");
  EXPECT_THAT(printed_, ElementsAre("made x", "made old"));
  EXPECT_EQ(Ask(Make("none", "x")), "{error,format}");
  EXPECT_EQ(Ask(Make("nothing", "x")), "{error,format}");
  EXPECT_EQ(Ask(std::tuple(Atom("put_chars"), Atom("m"), Atom("text"), 1)),
            "{error,format}");
  EXPECT_EQ(printed_.size(), 2u);
}

TEST_F(GroupLeaderTest, SeveralRequestsGoInOrder) {
  const auto requests = [&](const auto&... each) {
    return std::tuple(Atom("requests"), List(std::tuple(each...)));
  };
  EXPECT_EQ(Ask(requests(Put("1"), Put("2"))), "ok");
  EXPECT_EQ(
      Ask(requests(Put("3"), Make("text", "4"), Put("5"), Make("text", "6"))),
      "ok");
  EXPECT_EQ(Ask(requests()), "ok");
  EXPECT_THAT(printed_, ElementsAre("1", "2", "3", "made 4", "5", "made 6"));
  // Up to the first that fails.
  printed_.clear();
  EXPECT_EQ(Ask(requests(Put("1"), Atom("getopts"), Put("2"))),
            "{error,enotsup}");
  EXPECT_EQ(Ask(requests(Put("3"), Put("\xFF"), Put("4"))),
            "{error,put_chars}");
  EXPECT_EQ(Ask(requests(Make("none", "x"), Put("5"))), "{error,format}");
  EXPECT_EQ(Ask(requests(Make("text", "x"), Put("\xFF"), Put("6"))),
            "{error,put_chars}");
  EXPECT_EQ(Ask(requests(Make("text", "y"), Atom("x"))), "{error,enotsup}");
  EXPECT_THAT(printed_, ElementsAre("1", "3", "made x", "made y"));
}

TEST_F(GroupLeaderTest, WhatItCannotDoIsRefusedAtOnce) {
  EXPECT_EQ(Ask(Atom("getopts")), "{error,enotsup}");
  EXPECT_EQ(Ask(std::tuple(Atom("get_line"), Atom("unicode"), "> ")),
            "{error,enotsup}");
  EXPECT_EQ(Ask(std::tuple(Atom("get_geometry"), Atom("columns"))),
            "{error,enotsup}");
  EXPECT_EQ(Ask(1), "{error,enotsup}");
  // No request at all.
  EXPECT_TRUE(harness_
                  .Send(NameAt{"user", "test@localhost"},
                        std::tuple(Atom("io_request"), 1, 2, Put("x")))
                  .ok());
  harness_.RunUntilIdle();
  EXPECT_EQ(Answer(), "nothing");
}

TEST_F(GroupLeaderTest, TooMuchAtOneTimeIsTerminated) {
  constexpr size_t kSize = 5 * 1024 * 1024;
  const auto ask = [&] {
    return AskAs(std::string(kSize, 'x'), Make("keeps", "x"));
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(), "nothing") << i;
  EXPECT_EQ(ask(), "{error,terminated}");
  EXPECT_EQ(Ask(Put("other")), "ok");
  // When one is done there is room again.
  kept_[0].Return("made");
  harness_.RunUntilIdle();
  EXPECT_EQ(Answer(), "ok");
  EXPECT_EQ(ask(), "nothing");
  EXPECT_THAT(printed_, ElementsAre("other", "made"));
}

class GroupLeaderNodesTest : public MessageNodesTest {};

// A third node is asked nothing, whatever it would do for this one.
TEST_F(GroupLeaderNodesTest, NoNodeHasAnotherOneCalled) {
  Start();
  const std::unique_ptr<Node> c =
      *Node::Create(*reactor_, OptionsOf("c@localhost"));
  ASSERT_TRUE(c->Listen().ok());
  int called = 0;
  ASSERT_TRUE(c->Export("m", "f", [&called] { ++called; }).ok());
  Recorder told(*c);
  const auto request = std::tuple(Atom("put_chars"), Atom("unicode"), Atom("m"),
                                  Atom("f"), Nil());
  ASSERT_TRUE(a_->Send(NameAt{"user", "b@localhost"},
                       std::tuple(Atom("io_request"), told.pid, 1, request))
                  .ok());
  ASSERT_TRUE(Wait([&] { return !told.messages.empty(); }));
  EXPECT_THAT(told.messages, ElementsAre("{io_reply,1,{error,enotsup}}"));
  EXPECT_EQ(called, 0);
}

}  // namespace
}  // namespace ringdist
