#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/tools/ringdist_command.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr char kTime[] = "[0-9]+\\.[0-9][0-9][0-9]";

class RingdistPingTest : public ::testing::Test {
 protected:
  std::vector<std::string> Serve(const std::vector<std::string>& more = {}) {
    return Arguments({"serve", "--name=cpp@localhost"}, more);
  }

  CommandResult Ping(const std::string& node,
                     const std::vector<std::string>& more = {}) {
    return RunRingdist(Arguments({"ping", node}, more));
  }

  std::vector<std::string> Arguments(std::vector<std::string> arguments,
                                     const std::vector<std::string>& more) {
    arguments.push_back("--dir=" + directory_.path());
    arguments.push_back("--cookie=secret");
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  static std::vector<std::string> Lines(const CommandResult& result) {
    return absl::StrSplit(result.output, '\n', absl::SkipEmpty());
  }

  TemporaryDirectory directory_;
};

TEST_F(RingdistPingTest, PongTellsTheRoundTripTime) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  const CommandResult result = Ping("cpp@localhost");
  EXPECT_EQ(result.exit_status, 0);
  const std::string time(kTime);
  EXPECT_THAT(
      Lines(result),
      ElementsAre(
          MatchesRegex("pong from cpp@localhost: seq=1 time=" + time + " ms"),
          MatchesRegex("cpp@localhost: 1 sent, 1 answered, min/avg/max = " +
                       time + "/" + time + "/" + time + " ms")));
}

TEST_F(RingdistPingTest, PingsAsOftenAsItIsTold) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  const CommandResult result =
      Ping("cpp@localhost", {"--count=3", "--interval=10ms"});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_THAT(Lines(result),
              ElementsAre(HasSubstr("seq=1"), HasSubstr("seq=2"),
                          HasSubstr("seq=3"), HasSubstr("3 answered")));
  // All over one connection.
  serve.LineWith("nodeup");
  EXPECT_THAT(serve.LineWith("node"), HasSubstr("nodedown"));
}

TEST_F(RingdistPingTest, PangTellsThatNobodyIsThere) {
  const CommandResult result = Ping("cpp@localhost");
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_THAT(Lines(result),
              ElementsAre("pang: connect " + directory_.Join("cpp") +
                              ": No such file or directory (ENOENT): no node "
                              "listens there",
                          "cpp@localhost: 1 sent, 0 answered"));
}

TEST_F(RingdistPingTest, PangTellsThatTheCookieIsAnother) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  const CommandResult result =
      RunRingdist({"ping", "cpp@localhost", "--dir=" + directory_.path(),
                   "--cookie=wrong"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_THAT(result.output, MatchesRegex("pang: .*cookie.*\n.*\n"));
}

TEST_F(RingdistPingTest, PangTellsThatTheTimeIsOver) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  ASSERT_TRUE(serve.process().Suspend().ok());
  const CommandResult result =
      Ping("cpp@localhost", {"--timeout=200ms", "--count=2", "--interval=1ms"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_THAT(Lines(result),
              ElementsAre(MatchesRegex("pang: cpp@localhost .* within 200ms"),
                          MatchesRegex("pang: cpp@localhost .* within 200ms"),
                          "cpp@localhost: 2 sent, 0 answered"));
}

TEST_F(RingdistPingTest, OnePangAmongPongsIsAFailure) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  RingdistCommand ping(
      Arguments({"ping", "cpp@localhost"}, {"--count=2", "--interval=3s"}));
  ping.LineWith("pong from ");
  EXPECT_EQ(serve.Stop(SIGTERM), 0);
  ping.LineWith("pang: ");
  EXPECT_EQ(ping.Wait(), 1);
}

TEST_F(RingdistPingTest, TellsEventsAsJson) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  RingdistCommand ping(Arguments({"ping", "cpp@localhost"}, {"--json"}));
  const nlohmann::json pong = ping.Event("pong");
  EXPECT_EQ(pong["node"], "cpp@localhost");
  EXPECT_EQ(pong["seq"], 1);
  EXPECT_GT(pong["time_ms"].get<double>(), 0);
  const nlohmann::json summary = ping.Event("summary");
  EXPECT_EQ(summary["sent"], 1);
  EXPECT_EQ(summary["answered"], 1);
  EXPECT_EQ(summary["min_ms"], pong["time_ms"]);
  EXPECT_EQ(summary["max_ms"], pong["time_ms"]);
  EXPECT_EQ(ping.Wait(), 0);

  RingdistCommand pang(Arguments({"ping", "none@localhost"}, {"--json"}));
  EXPECT_THAT(pang.Event("pang")["reason"].get<std::string>(),
              HasSubstr("no node listens there"));
  EXPECT_FALSE(pang.Event("summary").contains("min_ms"));
  EXPECT_EQ(pang.Wait(), 1);
}

TEST_F(RingdistPingTest, TakesTheNameItIsGivenAndDoesNotListen) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  EXPECT_EQ(Ping("cpp@localhost", {"--name=me@localhost"}).exit_status, 0);
  serve.LineWith("nodeup me@localhost");
  EXPECT_FALSE(std::filesystem::exists(directory_.Join("me")));
  EXPECT_FALSE(std::filesystem::exists(directory_.Join("me.lock")));
}

TEST_F(RingdistPingTest, TakesANewNameEachTime) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  EXPECT_EQ(Ping("cpp@localhost").exit_status, 0);
  EXPECT_EQ(Ping("cpp@localhost").exit_status, 0);
  const std::string first = serve.LineWith("nodeup");
  EXPECT_NE(first, serve.LineWith("nodeup"));
}

TEST_F(RingdistPingTest, MayBeNamedByThePeer) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  EXPECT_EQ(Ping("cpp@localhost", {"--name=undefined@localhost"}).exit_status,
            0);
  EXPECT_THAT(serve.LineWith("nodeup"),
              MatchesRegex("ringdist: nodeup [0-9A-Z]+@localhost .*"));
}

}  // namespace
}  // namespace ringdist
