// ringdist info, of nodes that are not Erlang's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/unix_sockets.h"
#include "ringdist/tests/tools/command_fixture.h"
#include "ringdist/tests/tools/ringdist_command.h"

namespace ringdist {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class RingdistInfoTest : public CommandTest {};

TEST_F(RingdistInfoTest, TellsWhatTheHandshakeSaid) {
  const auto serve = Serve();
  const CommandResult info = RunToEnd({"info", "cpp@localhost"});
  EXPECT_EQ(info.exit_status, 0);
  EXPECT_THAT(
      info.output,
      MatchesRegex("node          cpp@localhost \\(hidden\\)\n"
                   "creation      [0-9]+\n"
                   "protocol      version 6\n"
                   "flags         ALTACT_SIG, ALIAS, .*EXTENDED_REFERENCES\n"
                   "round trip    [0-9]+\\.[0-9]+ ms\n"
                   "not available OTP release, uptime, memory, processes, "
                   "registered \\(undef\\)\n"));
}

TEST_F(RingdistInfoTest, TellsAsJson) {
  const auto serve = Start({"serve", "--name=cpp@localhost", "--visible",
                            "--without=FRAGMENTS", "--json"});
  const nlohmann::json listening = serve->Event("listening");
  const CommandResult info = RunToEnd({"info", "cpp@localhost", "--json"});
  EXPECT_EQ(info.exit_status, 0);
  const nlohmann::json told = nlohmann::json::parse(info.output);
  EXPECT_EQ(told["event"], "info");
  EXPECT_EQ(told["node"], "cpp@localhost");
  EXPECT_EQ(told["hidden"], false);
  EXPECT_EQ(told["creation"], listening["creation"]);
  EXPECT_EQ(told["protocol_version"], 6);
  EXPECT_THAT(told["flags"], Contains("PUBLISHED"));
  EXPECT_THAT(told["flags"], Not(Contains("FRAGMENTS")));
  EXPECT_GT(told["time_ms"].get<double>(), 0);
  EXPECT_TRUE(told["otp_release"].is_null());
  EXPECT_TRUE(told["registered"].is_null());
}

TEST_F(RingdistInfoTest, SpeaksVersion5) {
  const auto serve = Serve({"--protocol_version=5"});
  const CommandResult info =
      RunToEnd({"info", "cpp@localhost", "--protocol_version=5"});
  EXPECT_EQ(info.exit_status, 0);
  EXPECT_THAT(info.output, HasSubstr("\nprotocol      version 5\n"));
}

TEST_F(RingdistInfoTest, ANodeOfEiIsNotAskedWhatItCannotAnswer) {
  // What one does: the handshake, and nothing with what comes then.
  const std::unique_ptr<Reactor> reactor = *Reactor::Create();
  const FileDescriptor listening = ListenAt(directory_.Join("ei"), 5);
  const auto info = Start({"info", "ei@localhost", "--timeout=3s"});
  RawPeer peer = AcceptPeer(*reactor, listening, "ei@localhost");
  peer.flags = 0x407074F9C;
  peer.Send(peer.Answer());
  EXPECT_EQ(info->LineWith("node "), "node          ei@localhost (hidden)");
  EXPECT_EQ(info->LineWith("flags"),
            "flags         V4_NC, MANDATORY_25_DIGEST, UNLINK_ID, "
            "HANDSHAKE_23, BIG_CREATION,");
  EXPECT_EQ(info->LineWith("not available"),
            "not available round trip (no answer within 3s)");
  EXPECT_EQ(info->LineWith("not available"),
            "not available OTP release, uptime, memory, processes,");
  EXPECT_EQ(info->LineWith(""), "              registered (it takes no calls)");
  EXPECT_EQ(info->Wait(), 0);
  // Its net_kernel was asked, and nobody else.
  ASSERT_TRUE(peer.ReceiveData().has_value());
  EXPECT_FALSE(peer.ReceiveData().has_value());
}

TEST_F(RingdistInfoTest, ANodeThatDoesNotAnswerCallsIsTold) {
  const std::unique_ptr<Reactor> reactor = *Reactor::Create();
  const FileDescriptor listening = ListenAt(directory_.Join("mute"), 5);
  const auto info = Start({"info", "mute@localhost", "--timeout=3s"});
  RawPeer peer = AcceptPeer(*reactor, listening, "mute@localhost");
  peer.Send(peer.Answer());
  EXPECT_EQ(
      info->LineWith("not available"),
      "not available round trip, OTP release, uptime, memory, processes,");
  EXPECT_EQ(info->LineWith(""),
            "              registered (no answer within 3s)");
  EXPECT_EQ(info->Wait(), 0);
}

TEST_F(RingdistInfoTest, AConnectionThatIsLostIsAFailure) {
  const std::unique_ptr<Reactor> reactor = *Reactor::Create();
  const FileDescriptor listening = ListenAt(directory_.Join("gone"), 5);
  const auto info = Start({"info", "gone@localhost"});
  RawPeer peer = AcceptPeer(*reactor, listening, "gone@localhost");
  peer.Send(peer.Answer());
  ASSERT_TRUE(peer.ReceiveData().has_value());
  peer.Close();
  EXPECT_THAT(info->LineWith(""), HasSubstr("connection"));
  EXPECT_EQ(info->Wait(), 1);
}

TEST_F(RingdistInfoTest, TellsWhyThereIsNoConnection) {
  const CommandResult nobody = RunToEnd({"info", "cpp@localhost"});
  EXPECT_EQ(nobody.exit_status, 1);
  EXPECT_THAT(nobody.output, HasSubstr("no node listens there"));

  const auto serve = Serve();
  const CommandResult wrong =
      RunRingdist({"info", "cpp@localhost", "--dir=" + directory_.path(),
                   "--cookie=wrong"});
  EXPECT_EQ(wrong.exit_status, 1);
  EXPECT_THAT(wrong.output, HasSubstr("cookie"));

  ASSERT_TRUE(serve->process().Suspend().ok());
  const CommandResult late =
      RunToEnd({"info", "cpp@localhost", "--timeout=50ms"});
  EXPECT_EQ(late.exit_status, 1);
  EXPECT_THAT(late.output, HasSubstr("within 50ms"));
}

}  // namespace
}  // namespace ringdist
