// The program and real Erlang nodes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ringdist/tests/tools/erlang_command_fixture.h"
#include "ringdist/tests/tools/ringdist_command.h"
#include "ringdist/tools/cookie.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

class RingdistErlangTest : public ErlangCommandTest {
 protected:
  using ErlangCommandTest::ErlangCommandTest;

  // Waits in the real node for a message {Kind, cpp@localhost, _} of
  // monitor_nodes.
  std::string WaitFor(const std::string& kind) {
    return Eval(absl::StrCat("receive {", kind,
                             ", cpp@localhost, _} -> ok "
                             "after 20000 -> timeout end."));
  }
};

TEST_F(RingdistErlangTest, PingsARealNode) {
  const CommandResult result =
      RunToEnd({"ping", "srv@localhost", "--count=3", "--interval=10ms"});
  EXPECT_EQ(result.exit_status, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("pong from srv@localhost: seq=3"));
}

TEST_F(RingdistErlangTest, PingsUnderANameThatTheRealNodeGives) {
  const CommandResult result =
      RunToEnd({"ping", "srv@localhost", "--name=undefined@localhost"});
  EXPECT_EQ(result.exit_status, 0) << result.output;
}

TEST_F(RingdistErlangTest, PangWithAnotherCookieThanTheRealNode) {
  const CommandResult result =
      RunRingdist({"ping", "srv@localhost", "--dir=" + node_->directory(),
                   "--cookie=wrong"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_THAT(result.output, HasSubstr("pang: "));
  EXPECT_THAT(result.output, HasSubstr("cookie"));
}

TEST_F(RingdistErlangTest, ARealNodePingsTheServer) {
  Eval("net_kernel:monitor_nodes(true, [{node_type, all}]).");
  const auto serve = Serve();
  EXPECT_EQ(Eval("net_adm:ping(cpp@localhost)."), "pong");
  EXPECT_EQ(serve->LineWith("nodeup"),
            "ringdist: nodeup srv@localhost (visible, connected by the other)");
  EXPECT_EQ(Eval("{nodes(), nodes(hidden)}."), "{[],[cpp@localhost]}");
  EXPECT_EQ(WaitFor("nodeup"), "ok");

  EXPECT_EQ(serve->Stop(SIGTERM), 0);
  EXPECT_EQ(WaitFor("nodedown"), "ok");
  EXPECT_EQ(Eval("{nodes(), nodes(hidden)}."), "{[],[]}");
  EXPECT_EQ(Eval("net_adm:ping(cpp@localhost)."), "pang");
}

TEST_F(RingdistErlangTest, AVisibleServerIsAmongTheNodes) {
  const auto serve = Serve({"--visible"});
  EXPECT_EQ(Eval("net_adm:ping(cpp@localhost)."), "pong");
  EXPECT_EQ(Eval("{nodes(), nodes(hidden)}."), "{[cpp@localhost],[]}");
}

TEST_F(RingdistErlangTest, TheServerConnectsToARealNodeAndAgainAfterARestart) {
  const auto serve = Serve({"--connect=srv@localhost"});
  EXPECT_EQ(serve->LineWith("nodeup"),
            "ringdist: nodeup srv@localhost (visible, connected by this node)");
  EXPECT_EQ(Eval("nodes(hidden)."), "[cpp@localhost]");

  node_->Kill();
  serve->LineWith("nodedown srv@localhost: connection_closed");
  serve->LineWith("connecting to srv@localhost again");
  const absl::Status restarted = node_->Restart();
  ASSERT_TRUE(restarted.ok()) << restarted;
  serve->LineWith("nodeup srv@localhost");
}

// A real node that reads its cookie from a file: with a second -setcookie erl
// takes neither (init_setcookie/3 in auth.erl).
class RingdistErlangCookieTest : public RingdistErlangTest {
 protected:
  RingdistErlangCookieTest()
      : RingdistErlangTest(
            {.name = "srv@localhost", .arguments = "-setcookie ignored"}) {}

  // Of the cookie.
  std::string Path() { return node_->directory() + "/.erlang.cookie"; }
};

TEST_F(RingdistErlangCookieTest, TheOneARealNodeMadeIsFound) {
  ASSERT_TRUE(std::filesystem::exists(Path()));
  const CommandResult result =
      RunRingdist({"ping", "srv@localhost", "--dir=" + node_->directory()},
                  {"HOME=" + node_->directory()});
  EXPECT_EQ(result.exit_status, 0) << result.output;
}

TEST_F(RingdistErlangCookieTest, FilesAreReadAsARealNodeReadsThem) {
  for (const std::string text : {"COOKIE\n", " a b \r\n\n ", "~!\"\\"}) {
    std::filesystem::remove(Path());
    std::ofstream(Path()) << text;
    std::filesystem::permissions(Path(), std::filesystem::perms::owner_read);
    const absl::Status restarted = node_->Restart();
    ASSERT_TRUE(restarted.ok()) << restarted;
    // As numbers, for what ~p makes of quotes.
    const std::string theirs = Eval(
        "lists:append([integer_to_list(Character) ++ \" \" || "
        "Character <- atom_to_list(erlang:get_cookie())]).");
    const absl::StatusOr<std::string> cookie = ReadCookieFile(Path());
    ASSERT_TRUE(cookie.ok()) << cookie.status();
    std::string ours;
    for (const char character : *cookie) {
      absl::StrAppend(&ours, static_cast<int>(character), " ");
    }
    EXPECT_EQ(theirs, absl::StrCat("\"", ours, "\""));
  }
}

}  // namespace
}  // namespace ringdist
