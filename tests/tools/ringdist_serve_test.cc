#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ringdist/tests/testing/child_process.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/tools/ringdist_command.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class RingdistServeTest : public ::testing::Test {
 protected:
  // ringdist serve in the test's directory.
  std::vector<std::string> Serve(const std::string& name,
                                 const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"serve", "--name=" + name,
                                          "--dir=" + directory_.path(),
                                          "--cookie=secret"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  CommandResult Ping(const std::string& node,
                     const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "ping", node, "--dir=" + directory_.path(), "--cookie=secret"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunRingdist(arguments);
  }

  bool Exists(const std::string& alive) {
    return std::filesystem::exists(directory_.Join(alive));
  }

  TemporaryDirectory directory_;
};

TEST_F(RingdistServeTest, TellsWhereItListens) {
  RingdistCommand serve(Serve("cpp@localhost"));
  EXPECT_THAT(
      serve.LineWith(""),
      MatchesRegex("ringdist: cpp@localhost listening on " +
                   directory_.Join("cpp") + " \\(creation [1-9][0-9]*\\)"));
  EXPECT_TRUE(Exists("cpp"));
}

TEST_F(RingdistServeTest, EndsInOrderOnEitherSignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    RingdistCommand serve(Serve("cpp@localhost"));
    serve.LineWith("listening");
    EXPECT_EQ(serve.Stop(signal), 0);
    serve.LineWith(signal == SIGINT ? "closing cpp@localhost on SIGINT"
                                    : "closing cpp@localhost on SIGTERM");
    EXPECT_FALSE(Exists("cpp"));
  }
}

TEST_F(RingdistServeTest, EndsItsConnectionsInOrder) {
  RingdistCommand first(Serve("first@localhost"));
  first.LineWith("listening");
  RingdistCommand second(
      Serve("second@localhost", {"--connect=first@localhost"}));
  second.LineWith("nodeup first@localhost");
  first.LineWith("nodeup second@localhost");

  EXPECT_EQ(second.Stop(SIGTERM), 0);
  second.LineWith("nodedown first@localhost: disconnect");
  first.LineWith("nodedown second@localhost: connection_closed");
}

TEST_F(RingdistServeTest, TellsWhoComesAndGoes) {
  RingdistCommand serve(Serve("cpp@localhost"));
  serve.LineWith("listening");
  EXPECT_EQ(Ping("cpp@localhost", {"--name=me@localhost"}).exit_status, 0);
  EXPECT_EQ(serve.LineWith("nodeup"),
            "ringdist: nodeup me@localhost (hidden, connected by the other)");
  EXPECT_EQ(serve.LineWith("nodedown"),
            "ringdist: nodedown me@localhost: connection_closed");
}

TEST_F(RingdistServeTest, WarnsOfABadCookie) {
  RingdistCommand serve(Serve("cpp@localhost"));
  serve.LineWith("listening");
  RunRingdist({"ping", "cpp@localhost", "--dir=" + directory_.path(),
               "--name=me@localhost", "--cookie=wrong"});
  serve.LineWith("warning: handshake from me@localhost: bad cookie");
}

TEST_F(RingdistServeTest, ANameInUseIsTold) {
  RingdistCommand first(Serve("cpp@localhost"));
  first.LineWith("listening");
  const CommandResult second = RunRingdist(Serve("cpp@elsewhere"));
  EXPECT_EQ(second.exit_status, 1);
  EXPECT_THAT(second.output, HasSubstr(directory_.Join("cpp")));
  EXPECT_THAT(second.output, HasSubstr("choose another --name"));
  EXPECT_EQ(Ping("cpp@localhost").exit_status, 0);
}

TEST_F(RingdistServeTest, AMissingDirectoryIsTold) {
  const CommandResult result =
      RunRingdist({"serve", "--name=cpp@localhost", "--cookie=secret",
                   "--dir=" + directory_.Join("none")});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_THAT(result.output, HasSubstr(directory_.Join("none")));
}

// The cookie.

TEST_F(RingdistServeTest, FindsTheCookieWhereErlangDoes) {
  const std::string cookie = directory_.Join(".erlang.cookie");
  std::ofstream(cookie) << "secret\n";
  ASSERT_EQ(chmod(cookie.c_str(), 0400), 0);
  const RingdistCommand serve(
      {"serve", "--name=cpp@localhost", "--dir=" + directory_.path()},
      {"HOME=" + directory_.path()});
  // It may not listen yet.
  RingdistCommand waits(Serve("other@localhost", {"--connect=cpp@localhost"}));
  waits.LineWith("nodeup cpp@localhost");
}

TEST_F(RingdistServeTest, ACookieThatOthersMayReadIsRefused) {
  const std::string cookie = directory_.Join("cookie");
  std::ofstream(cookie) << "secret\n";
  ASSERT_EQ(chmod(cookie.c_str(), 0444), 0);
  const CommandResult result =
      RunRingdist({"serve", "--name=cpp@localhost",
                   "--dir=" + directory_.path(), "--cookie_file=" + cookie});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_THAT(result.output, HasSubstr("chmod 400 " + cookie));
  EXPECT_FALSE(Exists("cpp"));
}

TEST_F(RingdistServeTest, WithoutACookieTellsWhereItLooked) {
  const CommandResult result = RunRingdist(
      {"serve", "--name=cpp@localhost", "--dir=" + directory_.path()},
      {"HOME=" + directory_.path()});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_THAT(result.output, HasSubstr(directory_.Join(".erlang.cookie")));
}

// Who may connect, and to whom it connects.

TEST_F(RingdistServeTest, OnlyThoseAllowedMayConnect) {
  const RingdistCommand serve(
      Serve("cpp@localhost",
            {"--allow=friend@localhost", "--allow=other@localhost"}));
  RingdistCommand waits(Serve("other@localhost", {"--connect=cpp@localhost"}));
  waits.LineWith("nodeup cpp@localhost");

  EXPECT_EQ(Ping("cpp@localhost", {"--name=friend@localhost"}).exit_status, 0);
  const CommandResult foe = Ping("cpp@localhost", {"--name=foe@localhost"});
  EXPECT_EQ(foe.exit_status, 1);
  EXPECT_THAT(foe.output, HasSubstr("allow-list"));
}

TEST_F(RingdistServeTest, ConnectsAgainWhenAConnectionFailsOrIsLost) {
  RingdistCommand serve(Serve("cpp@localhost", {"--connect=srv@localhost"}));
  EXPECT_THAT(serve.LineWith("no connection to srv@localhost"),
              HasSubstr("no node listens there"));
  serve.LineWith("connecting to srv@localhost again in");
  for (int round = 0; round < 2; ++round) {
    RingdistCommand peer(Serve("srv@localhost"));
    EXPECT_EQ(
        serve.LineWith("nodeup"),
        "ringdist: nodeup srv@localhost (hidden, connected by this node)");
    peer.LineWith("nodeup cpp@localhost");
    EXPECT_EQ(peer.Stop(SIGTERM), 0);
    serve.LineWith("nodedown srv@localhost");
    serve.LineWith("connecting to srv@localhost again in");
  }
  EXPECT_EQ(serve.Stop(SIGTERM), 0);
}

TEST_F(RingdistServeTest, StaysConnectedWithSeveral) {
  const RingdistCommand first(Serve("first@localhost"));
  const RingdistCommand second(Serve("second@localhost"));
  RingdistCommand serve(Serve("cpp@localhost", {"--connect=first@localhost",
                                                "--connect=second@localhost"}));
  const std::string up = serve.LineWith("nodeup") + serve.LineWith("nodeup");
  EXPECT_THAT(up, HasSubstr("first@localhost"));
  EXPECT_THAT(up, HasSubstr("second@localhost"));
}

TEST_F(RingdistServeTest, SpeaksVersion5) {
  const RingdistCommand old(Serve("old@localhost", {"--protocol_version=5"}));
  RingdistCommand serve(
      Serve("cpp@localhost",
            {"--protocol_version=5", "--json", "--connect=old@localhost"}));
  const nlohmann::json up = serve.Event("nodeup");
  EXPECT_EQ(up["protocol_version"], 5);
}

// Its output.

TEST_F(RingdistServeTest, TellsEventsAsJson) {
  RingdistCommand serve(
      Serve("cpp@localhost", {"--json", "--connect=srv@localhost"}));
  const nlohmann::json listening = serve.Event("listening");
  EXPECT_EQ(listening["node"], "cpp@localhost");
  EXPECT_EQ(listening["path"], directory_.Join("cpp"));
  EXPECT_GE(listening["creation"].get<uint64_t>(), 4u);

  const nlohmann::json failed = serve.Event("setup_failed");
  EXPECT_EQ(failed["node"], "srv@localhost");
  EXPECT_THAT(failed["reason"].get<std::string>(), HasSubstr("no node"));
  const nlohmann::json again = serve.Event("reconnecting");
  EXPECT_EQ(again["node"], "srv@localhost");
  EXPECT_GE(again["wait_seconds"].get<double>(), 0.5);
  EXPECT_LE(again["wait_seconds"].get<double>(), 1.0);

  RingdistCommand peer(Serve("srv@localhost", {"--visible"}));
  const nlohmann::json up = serve.Event("nodeup");
  EXPECT_EQ(up["node"], "srv@localhost");
  EXPECT_EQ(up["hidden"], false);
  EXPECT_EQ(up["dialled"], true);
  EXPECT_EQ(up["protocol_version"], 6);
  EXPECT_GE(up["creation"].get<uint64_t>(), 4u);

  EXPECT_EQ(peer.Stop(SIGTERM), 0);
  const nlohmann::json down = serve.Event("nodedown");
  EXPECT_EQ(down["node"], "srv@localhost");
  EXPECT_EQ(down["reason"], "connection_closed");

  EXPECT_EQ(serve.Stop(SIGTERM), 0);
  EXPECT_EQ(serve.Event("closing")["signal"], "SIGTERM");
}

TEST_F(RingdistServeTest, EndsInOrderWhenNobodyReadsItsOutput) {
  ChildProcess::Options shell;
  shell.command = {"sh", "-c",
                   "{ \"$0\" \"$@\"; echo \"status $?\" >&2; } | head -n 1",
                   RingdistPath()};
  for (const std::string& argument : Serve("cpp@localhost")) {
    shell.command.push_back(argument);
  }
  const absl::StatusOr<std::unique_ptr<ChildProcess>> serve =
      ChildProcess::Start(shell);
  ASSERT_TRUE(serve.ok()) << serve.status();
  EXPECT_THAT(*(*serve)->ReadLine(kCommandTimeout), HasSubstr("listening"));
  // Each ping gives it something to tell; until head has ended somebody reads.
  for (int ping = 0; ping < 100 && Exists("cpp"); ++ping) {
    Ping("cpp@localhost");
  }
  EXPECT_FALSE(Exists("cpp"));
  EXPECT_THAT(*(*serve)->ReadLine(kCommandTimeout),
              HasSubstr("standard output: Broken pipe"));
  EXPECT_EQ(*(*serve)->ReadLine(kCommandTimeout), "status 1");
}

}  // namespace
}  // namespace ringdist
