#include "ringdist/tools/connection_dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_encoder.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/handshake_messages.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/tests/testing/golden_handshake.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr CaptureDirection kIn = CaptureDirection::kReceived;
constexpr CaptureDirection kOut = CaptureDirection::kSent;

const Pid kPid("srv2@localhost", 9, 0, 1);

// A packet of the handshake, and one of those behind it.
std::string Packet2(const std::string& body) {
  std::string packet(2, '\0');
  StoreBigEndian<uint16_t>(packet.data(), static_cast<uint16_t>(body.size()));
  return packet + body;
}
std::string Packet4(absl::string_view body) {
  std::string packet(4, '\0');
  StoreBigEndian<uint32_t>(packet.data(), static_cast<uint32_t>(body.size()));
  return absl::StrCat(packet, body);
}

class ConnectionDumpTest : public ::testing::Test {
 protected:
  // The real node srv2@localhost connects to cpp@localhost.
  void Handshake(uint64_t our_flags = golden::kScriptFlags) {
    Take(kIn, Packet2(golden::SendName()));
    Take(kOut, Packet2(golden::StatusOk()));
    Take(kOut, Packet2(Encode(ChallengeV6{our_flags, golden::kScriptChallenge,
                                          golden::kAcceptorCreation,
                                          *NodeName::Parse("cpp@localhost")})));
    Take(kIn, Packet2(golden::Reply()));
    Take(kOut, Packet2(golden::AckOfReply()));
  }
  // A packet to the process `name`, as an encoder writes it.
  std::string MessageTo(absl::string_view name, const Term& term) {
    StringWriter packet;
    encoder_.Encode(
        control::RegSend{.from = kPid, .to = AtomView::Utf8(name)},
        [&](TermWriter& writer) { writer.WriteTerm(term); }, packet);
    encoder_.Commit();
    return std::string(packet.view());
  }
  // One byte at a time, if the test says so.
  void Take(CaptureDirection direction, absl::string_view bytes) {
    const size_t step = cut_ ? 1 : bytes.size();
    for (size_t at = 0; at < bytes.size(); at += step) {
      dump_->Take(direction, bytes.substr(at, step));
    }
  }
  void ForgetLines() { lines_.clear(); }

  std::vector<std::string> lines_;
  std::vector<Json> events_;
  const ConnectionDump::Print print_ = [this](CaptureDirection direction,
                                              const std::string& words,
                                              const Json& event) {
    lines_.push_back(absl::StrCat(direction == kIn ? "< " : "> ", words));
    events_.push_back(event);
  };
  bool cut_ = false;
  std::unique_ptr<ConnectionDump> dump_ =
      std::make_unique<ConnectionDump>(40, print_);
  DistributionEncoder encoder_{golden::kScriptFlags};
};

TEST_F(ConnectionDumpTest, TellsTheHandshake) {
  Handshake();
  ASSERT_THAT(lines_, SizeIs(6));
  EXPECT_THAT(lines_[0],
              StartsWith("< send_name flags=0xd07df7fbd creation=2463150200 "
                         "name=srv2@localhost (ALIAS, V4_NC, SPAWN, "));
  EXPECT_EQ(lines_[1], "> status ok");
  EXPECT_THAT(lines_[2],
              StartsWith("> challenge flags=0x407074fbc challenge=3735928559 "
                         "creation=2004318071 name=cpp@localhost (V4_NC, "));
  EXPECT_EQ(lines_[3], "< challenge_reply challenge=207304055");
  EXPECT_EQ(lines_[4], "> challenge_ack");
  EXPECT_THAT(lines_[5], StartsWith("> up: srv2@localhost and cpp@localhost "
                                    "have in common V4_NC, "));
  EXPECT_EQ(events_[0]["node"], "srv2@localhost");
  EXPECT_EQ(events_[2]["message"], "challenge");
  EXPECT_EQ(events_[5]["event"], "up");
  EXPECT_EQ(events_[5]["flags"][0], "V4_NC");
  EXPECT_FALSE(dump_->failed());
}

TEST_F(ConnectionDumpTest, TellsTheSameHoweverTheBytesAreCut) {
  Handshake();
  Take(kIn, Packet4(MessageTo("echo", MakeTerm(1))) + Packet4(""));
  const std::vector<std::string> whole = lines_;
  ForgetLines();
  cut_ = true;
  dump_ = std::make_unique<ConnectionDump>(40, print_);
  Handshake();
  Take(kIn, Packet4(MessageTo("echo", MakeTerm(1))) + Packet4(""));
  EXPECT_THAT(whole, SizeIs(8));
  EXPECT_EQ(lines_, whole);
}

TEST_F(ConnectionDumpTest, TellsOtherWaysThroughTheHandshake) {
  Take(kOut, Packet2(golden::SendNameDynamic()));
  Take(kIn, Packet2(golden::NamedForDynamic()));
  ASSERT_THAT(lines_, SizeIs(2));
  EXPECT_THAT(lines_[0], StartsWith("> send_name dynamic flags="));
  EXPECT_THAT(lines_[0], HasSubstr("host=localhost (ALIAS, V4_NC, NAME_ME, "));
  EXPECT_THAT(lines_[1], StartsWith("< status named: name=DYN1@localhost"));

  ForgetLines();
  ConnectionDump old(40, [&](CaptureDirection, const std::string& words,
                             const Json&) { lines_.push_back(words); });
  const NodeName name = *NodeName::Parse("old@localhost");
  old.Take(kIn, Packet2(Encode(SendNameV5{0x07df7fbd, name})));
  old.Take(kOut, Packet2(golden::StatusAlive()));
  old.Take(kIn, Packet2(golden::AliveTrue()));
  old.Take(kOut, Packet2(golden::Challenge()));
  old.Take(kIn, Packet2(Encode(Complement{0xd, 5})));
  old.Take(kIn, Packet2(golden::Reply()));
  old.Take(kOut, Packet2(golden::Ack()));
  ASSERT_THAT(lines_, SizeIs(8));
  EXPECT_THAT(lines_[0], StartsWith("send_name version=5 flags=0x7df7fbd"));
  EXPECT_EQ(lines_[1], "status alive");
  EXPECT_EQ(lines_[2], "status true");
  EXPECT_EQ(lines_[4],
            "complement flags>>32=0xd creation=5 (ALIAS, V4_NC, SPAWN)");
  EXPECT_THAT(lines_[7], HasSubstr("have in common ALIAS, V4_NC, SPAWN, "));
}

TEST_F(ConnectionDumpTest, TellsSignalsWithTheirTermsAndTicks) {
  Handshake();
  ForgetLines();
  Take(kIn, Packet4(MessageTo("echo", MakeTerm(std::tuple(kPid, "hi")))));
  Take(kIn, Packet4(MessageTo("sink", MakeTerm(Atom("count")))));
  Take(kOut, Packet4(""));
  EXPECT_THAT(
      lines_,
      ElementsAre("< REG_SEND from #Pid<srv2@localhost.9.0.1> to echo: tuple "
                  "of 38 bytes = {#Pid<srv2@localhost.9.0.1>,<<\"hi\">>}",
                  "< REG_SEND from #Pid<srv2@localhost.9.0.1> to sink: count",
                  "> tick"));
  EXPECT_EQ(events_[6]["operation"], "REG_SEND");
  EXPECT_EQ(events_[6]["term"], "{#Pid<srv2@localhost.9.0.1>,<<\"hi\">>}");
  EXPECT_EQ(events_[8]["event"], "tick");
}

TEST_F(ConnectionDumpTest, CutsLongTerms) {
  Handshake();
  ForgetLines();
  Take(kIn, Packet4(MessageTo("x", MakeTerm(std::string(1000, 'a')))));
  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_THAT(lines_[0], EndsWith(absl::StrCat("binary of 1005 bytes = <<\"",
                                               std::string(34, 'a'), "...")));
}

TEST_F(ConnectionDumpTest, TellsFragmentsAndTheWholeMessageAtTheLast) {
  Handshake(golden::kScriptFlags | kDflagFragments);
  ForgetLines();
  const DistributionEncoder encoder(golden::kScriptFlags | kDflagFragments);
  StringWriter bytes;
  size_t control_size = 0;
  encoder.EncodePlain(
      control::RegSend{.from = kPid, .to = AtomView::Utf8("x")},
      [](TermWriter& writer) { WriteValue(writer, "payload"); }, bytes,
      control_size);
  const absl::string_view all = bytes.view();
  const size_t cut = control_size + 3;
  StringWriter first, second;
  DistributionEncoder::WriteFragmentHeader(5, 2, true, first);
  first.WriteU8(0);  // No atoms.
  first.WriteBytes(all.substr(0, cut));
  DistributionEncoder::WriteFragmentHeader(5, 1, false, second);
  second.WriteBytes(all.substr(cut));
  Take(kIn, Packet4(first.view()) + Packet4(second.view()));
  EXPECT_THAT(
      lines_,
      ElementsAre(
          absl::StrCat("< fragment of sequence 5, ", first.size(),
                       " bytes, 1 more to come"),
          absl::StrCat("< fragment of sequence 5, ", second.size(),
                       " bytes, 0 more to come"),
          "< REG_SEND from #Pid<srv2@localhost.9.0.1> to x: binary of 12 "
          "bytes = <<\"payload\">>"));
}

TEST_F(ConnectionDumpTest, KnowsTheAtomsThatWereSentBefore) {
  constexpr uint64_t kFlags = golden::kScriptFlags | kDflagDistHdrAtomCache;
  Handshake(kFlags);
  ForgetLines();
  DistributionEncoder encoder(kFlags);
  size_t sizes[2];
  for (size_t& size : sizes) {
    StringWriter packet;
    encoder.Encode(
        control::RegSend{.from = kPid, .to = AtomView::Utf8("x")},
        [](TermWriter& writer) {
          WriteValue(writer, std::vector{Atom("a_rather_long_atom")});
        },
        packet);
    encoder.Commit();
    size = packet.size();
    Take(kIn, Packet4(packet.view()));
  }
  EXPECT_LT(sizes[1], sizes[0] - 18);
  ASSERT_THAT(lines_, SizeIs(2));
  EXPECT_THAT(lines_[1], EndsWith(" = [a_rather_long_atom]"));
}

// What is wrong.

TEST_F(ConnectionDumpTest, WhatCannotBeDecodedEndsItsDirectionOnly) {
  Handshake();
  ForgetLines();
  const size_t before =
      2 + golden::SendName().size() + 2 + golden::Reply().size();
  Take(kIn, Packet4("") + Packet4("rubbish") + Packet4(""));
  Take(kIn, Packet4(""));
  Take(kOut, Packet4(""));
  ASSERT_THAT(lines_, SizeIs(3));
  EXPECT_EQ(lines_[0], "< tick");
  EXPECT_THAT(lines_[1], StartsWith(absl::StrCat(
                             "< cannot be decoded, from the packet at byte ",
                             before + 4, " on: ")));
  EXPECT_EQ(lines_[2], "> tick");
  EXPECT_TRUE(dump_->failed());
  EXPECT_EQ(events_[7]["event"], "error");
  EXPECT_EQ(events_[7]["at"], before + 4);
}

TEST_F(ConnectionDumpTest, ABrokenPayloadIsToldAndTheNextMessageRead) {
  Handshake();
  ForgetLines();
  std::string broken = MessageTo("x", MakeTerm(Atom("abc")));
  broken.pop_back();
  Take(kIn, Packet4(broken));
  Take(kIn, Packet4(MessageTo("x", MakeTerm(1))));
  ASSERT_THAT(lines_, SizeIs(2));
  EXPECT_THAT(lines_[0], HasSubstr(" = unreadable: "));
  EXPECT_THAT(lines_[1], EndsWith("to x: 1"));
  EXPECT_TRUE(dump_->failed());
}

TEST_F(ConnectionDumpTest, AConnectionWithoutItsBeginningIsTold) {
  Take(kIn, Packet4(MessageTo("x", MakeTerm(1))));
  Take(kOut, Packet2(golden::Ack()));
  ASSERT_THAT(lines_, SizeIs(3));
  EXPECT_THAT(lines_[0], StartsWith("< cannot be decoded, from the packet at "
                                    "byte 0 on: send_name: "));
  EXPECT_THAT(lines_[2], HasSubstr("before there was a challenge"));
}

TEST_F(ConnectionDumpTest, TellsWhatTheEndCutsOff) {
  Handshake();
  ForgetLines();
  Take(kOut, Packet4(MessageTo("x", MakeTerm(1))).substr(0, 10));
  dump_->Finish();
  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_THAT(lines_[0], StartsWith("> the capture ends 10 bytes into the "
                                    "packet that begins at byte "));
  EXPECT_FALSE(dump_->failed());
}

}  // namespace
}  // namespace ringdist
