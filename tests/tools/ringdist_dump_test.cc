#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/handshake_messages.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/tests/testing/child_process.h"
#include "ringdist/tests/testing/golden_handshake.h"
#include "ringdist/tests/testing/hex.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/tools/ringdist_command.h"
#include "ringdist/tools/capture_file.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr CaptureDirection kIn = CaptureDirection::kReceived;
constexpr CaptureDirection kOut = CaptureDirection::kSent;

std::string Packet(const std::string& body) {
  std::string packet(2, '\0');
  StoreBigEndian<uint16_t>(packet.data(), static_cast<uint16_t>(body.size()));
  return packet + body;
}

class RingdistDumpTest : public ::testing::Test {
 protected:
  // A capture in which the real node srv2@localhost connects, sends
  // {echo, cpp@localhost} ! hello, and a tick.
  void WriteCapture() {
    const std::string challenge = Encode(ChallengeV6{
        golden::kScriptFlags, golden::kScriptChallenge,
        golden::kAcceptorCreation, *NodeName::Parse("cpp@localhost")});
    Write(kIn, Packet(golden::SendName()));
    Write(kOut, Packet(golden::StatusOk()) + Packet(challenge));
    Write(kIn, Packet(golden::Reply()));
    Write(kOut, Packet(golden::AckOfReply()));
    Write(kIn, FromHex("00000033"  // size
                       "70"        // pass through
                       "83"
                       "6804"  // {
                       "6106"  // REG_SEND
                       "58"
                       "770e73727632406c6f63616c686f7374"
                       "00000009"
                       "00000000"
                       "92d0b078"      // from
                       "7700"          // ''
                       "77046563686f"  // echo }
                       "83"
                       "770568656c6c6f"));  // hello
    Write(kIn, std::string(4, '\0'));
    ASSERT_TRUE(writer_->Flush().ok());
  }
  void Write(CaptureDirection direction, absl::string_view bytes) {
    writer_->Write(time_, 4, direction, bytes);
    time_ += absl::Microseconds(250);
  }
  std::string Contents() {
    std::ostringstream contents;
    contents << std::ifstream(path_, std::ios::binary).rdbuf();
    return contents.str();
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.Join("capture");
  absl::Time time_ = absl::FromUnixSeconds(1'700'000'000);
  std::unique_ptr<CaptureWriter> writer_ = *CaptureWriter::Create(path_);
};

TEST_F(RingdistDumpTest, PrintsACaptureAsText) {
  WriteCapture();
  const CommandResult result = RunRingdist({"dump", path_});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_EQ(
      result.output,
      "0.000000 #4 <- send_name flags=0xd07df7fbd creation=2463150200 "
      "name=srv2@localhost (ALIAS, V4_NC, SPAWN, MANDATORY_25_DIGEST, "
      "UNLINK_ID, HANDSHAKE_23, FRAGMENTS, EXIT_PAYLOAD, BIG_SEQTRACE_LABELS, "
      "SEND_SENDER, BIG_CREATION, MAP_TAG, UTF8_ATOMS, SMALL_ATOM_TAGS, "
      "DIST_HDR_ATOM_CACHE, UNICODE_IO, NEW_FLOATS, BIT_BINARIES, "
      "EXPORT_PTR_TAG, EXTENDED_PIDS_PORTS, NEW_FUN_TAGS, DIST_MONITOR_NAME, "
      "FUN_TAGS, DIST_MONITOR, EXTENDED_REFERENCES, PUBLISHED)\n"
      "0.000250 #4 -> status ok\n"
      "0.000250 #4 -> challenge flags=0x407074fbc challenge=3735928559 "
      "creation=2004318071 name=cpp@localhost (V4_NC, MANDATORY_25_DIGEST, "
      "UNLINK_ID, HANDSHAKE_23, BIG_CREATION, MAP_TAG, UTF8_ATOMS, "
      "SMALL_ATOM_TAGS, NEW_FLOATS, BIT_BINARIES, EXPORT_PTR_TAG, "
      "EXTENDED_PIDS_PORTS, NEW_FUN_TAGS, DIST_MONITOR_NAME, FUN_TAGS, "
      "DIST_MONITOR, EXTENDED_REFERENCES)\n"
      "0.000500 #4 <- challenge_reply challenge=207304055\n"
      "0.000750 #4 -> challenge_ack\n"
      "0.000750 #4 -> up: srv2@localhost and cpp@localhost have in common "
      "V4_NC, MANDATORY_25_DIGEST, UNLINK_ID, HANDSHAKE_23, BIG_CREATION, "
      "MAP_TAG, UTF8_ATOMS, SMALL_ATOM_TAGS, NEW_FLOATS, BIT_BINARIES, "
      "EXPORT_PTR_TAG, EXTENDED_PIDS_PORTS, NEW_FUN_TAGS, DIST_MONITOR_NAME, "
      "FUN_TAGS, DIST_MONITOR, EXTENDED_REFERENCES\n"
      "0.001000 #4 <- REG_SEND from #Pid<srv2@localhost.9.0.2463150200> to "
      "echo: hello\n"
      "0.001250 #4 <- tick\n");
}

TEST_F(RingdistDumpTest, PrintsACaptureAsJson) {
  WriteCapture();
  const CommandResult result = RunRingdist({"dump", path_, "--json"});
  EXPECT_EQ(result.exit_status, 0);
  std::vector<nlohmann::json> events;
  std::istringstream lines(result.output);
  for (std::string line; std::getline(lines, line);) {
    events.push_back(nlohmann::json::parse(line));
  }
  ASSERT_EQ(events.size(), 8u);
  EXPECT_EQ(events[0]["time"], "2023-11-14T22:13:20.000000Z");
  EXPECT_EQ(events[0]["event"], "handshake");
  EXPECT_EQ(events[0]["flags"][0], "ALIAS");
  EXPECT_EQ(events[6],
            nlohmann::json({{"time", "2023-11-14T22:13:20.001000Z"},
                            {"connection", 4},
                            {"direction", "received"},
                            {"event", "signal"},
                            {"operation", "REG_SEND"},
                            {"text",
                             "REG_SEND from #Pid<srv2@localhost.9.0.2463150200>"
                             " to echo: hello"},
                            {"term", "hello"}}));
  EXPECT_EQ(events[7]["event"], "tick");
}

TEST_F(RingdistDumpTest, ReadsStandardInput) {
  WriteCapture();
  const absl::StatusOr<CommandResult> result = RunCommand(
      {.command = {"sh", "-c", "\"$0\" dump - <\"$1\"", RingdistPath(), path_}},
      kCommandTimeout);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_status, 0);
  EXPECT_THAT(result->output, HasSubstr("to echo: hello\n"));
}

TEST_F(RingdistDumpTest, ACaptureThatIsCutOffIsPrintedToItsEnd) {
  WriteCapture();
  const std::string contents = Contents();
  std::ofstream(path_, std::ios::binary)
      << contents.substr(0, contents.size() - 1);
  const CommandResult result = RunRingdist({"dump", path_});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_THAT(result.output, HasSubstr("to echo: hello\n"));
  EXPECT_THAT(result.output, Not(HasSubstr("tick")));
  EXPECT_THAT(result.output,
              HasSubstr("ringdist: " + path_ + ": the capture is cut off"));
}

TEST_F(RingdistDumpTest, WhatCannotBeDecodedIsStatus1) {
  Write(kIn, Packet("no handshake"));
  ASSERT_TRUE(writer_->Flush().ok());
  const CommandResult result = RunRingdist({"dump", path_});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_THAT(result.output, HasSubstr("#4 <- cannot be decoded, from the "
                                       "packet at byte 0 on: send_name: "));
  EXPECT_THAT(result.output, HasSubstr("not all of it could be decoded"));
}

TEST_F(RingdistDumpTest, OtherFilesAreRefused) {
  const CommandResult missing = RunRingdist({"dump", path_ + "s"});
  EXPECT_EQ(missing.exit_status, 1);
  EXPECT_THAT(missing.output,
              StartsWith("ringdist: open " + path_ + "s: No such file"));
  std::ofstream(path_) << "hello";
  const CommandResult other = RunRingdist({"dump", path_});
  EXPECT_EQ(other.exit_status, 1);
  EXPECT_THAT(other.output, HasSubstr("serve --capture=FILE"));
}

// serve --capture.

TEST_F(RingdistDumpTest, ServeCapturesWhatItsConnectionsSay) {
  const std::vector<std::string> common = {"--dir=" + directory_.path(),
                                           "--cookie=secret"};
  RingdistCommand serve({"serve", "--name=cpp@localhost", common[0], common[1],
                         "--capture=" + path_});
  serve.LineWith("listening");
  for (const char* term : {"first", "second"}) {
    EXPECT_EQ(RunRingdist({"send", "cpp@localhost", "sink", term, common[0],
                           common[1], "--name=me@localhost"})
                  .exit_status,
              0);
    serve.LineWith("nodedown");
  }
  // It is written without waiting for serve's end.
  const CommandResult dump = RunRingdist({"dump", path_});
  EXPECT_EQ(dump.exit_status, 0) << dump.output;
  for (const char* line :
       {"#1 <- send_name", "#1 -> up: me@localhost and cpp@localhost",
        "to sink: first\n", "#2 <- send_name", "to sink: second\n"}) {
    EXPECT_THAT(dump.output, HasSubstr(line));
  }
}

TEST_F(RingdistDumpTest, ServeEndsIfItCannotCapture) {
  const CommandResult none = RunRingdist(
      {"serve", "--name=cpp@localhost", "--dir=" + directory_.path(),
       "--cookie=secret", "--capture=" + directory_.Join("none/capture")});
  EXPECT_EQ(none.exit_status, 1);
  EXPECT_THAT(none.output, HasSubstr("none/capture"));
  const CommandResult full = RunRingdist(
      {"serve", "--name=cpp@localhost", "--dir=" + directory_.path(),
       "--cookie=secret", "--capture=/dev/full"});
  EXPECT_EQ(full.exit_status, 1);
  EXPECT_THAT(full.output, HasSubstr("write /dev/full: No space left"));
}

}  // namespace
}  // namespace ringdist
