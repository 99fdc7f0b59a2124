#include "ringdist/proto/control_message.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/tests/proto/golden_control_messages.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

const char kFrom[] = "587703704068000000050000000100000009";   // p@h, 5, 1, 9
const char kTo[] = "5877036f4068000000070000000000000004";     // o@h, 7, 0, 4
const char kThird[] = "587703744068000000070000000000000004";  // t@h
const char kRef[] = "5a0003770370406800000009000000010000000200000003";
const char kOwnRef[] = "5a000377036f406800000004000000040000000500000006";

// "" or what a decoder says of the packet 70 83 and these bytes.
std::string DecodeError(absl::string_view hex) {
  ControlMessage message;
  const std::string body = FromHex(absl::StrCat("7083", hex));
  return std::string(DecodePassThrough(body, message).message());
}

// The same for the check of a packet from p@h to o@h that can be decoded.
std::string CheckError(absl::string_view hex) {
  ControlMessage message;
  const std::string body = FromHex(absl::StrCat("7083", hex));
  const absl::Status decoded = DecodePassThrough(body, message);
  EXPECT_TRUE(decoded.ok()) << decoded;
  return std::string(CheckControlMessage(message, "p@h", "o@h").message());
}

TEST(ControlMessage, DecodesEveryOperation) {
  std::set<size_t> kinds;
  for (const GoldenControlMessage& golden : GoldenControlMessages()) {
    SCOPED_TRACE(golden.erlang);
    ControlMessage message;
    const std::string body = golden.Body();
    const absl::Status status = DecodePassThrough(body, message);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(ToString(message), golden.text);
    EXPECT_EQ(PayloadOf(message) != nullptr, !golden.payload.empty());
    kinds.insert(message.index());
  }
  // All but Unknown.
  EXPECT_EQ(kinds.size(), std::variant_size_v<ControlMessage> - 1);
}

TEST(ControlMessage, EncodesEveryOperationAsErlangDoes) {
  for (const GoldenControlMessage& golden : GoldenControlMessages()) {
    SCOPED_TRACE(golden.erlang);
    ControlMessage message;
    const std::string body = golden.Body();
    ASSERT_TRUE(DecodePassThrough(body, message).ok());
    StringWriter out;
    EncodePassThrough(message, out);
    EXPECT_EQ(absl::BytesToHexString(out.view()), absl::BytesToHexString(body));
    out.Clear();
    TermWriter writer(out);
    EncodeControl(message, writer);
    EXPECT_EQ(absl::BytesToHexString(out.view()), golden.control);
  }
}

TEST(ControlMessage, RefusesEveryTruncation) {
  for (const GoldenControlMessage& golden : GoldenControlMessages()) {
    const std::string body = golden.Body();
    for (size_t size = 0; size < body.size(); ++size) {
      ControlMessage message;
      EXPECT_EQ(
          DecodePassThrough(absl::string_view(body).substr(0, size), message)
              .code(),
          size < 2 + golden.control.size() / 2
              ? absl::StatusCode::kInvalidArgument
              : absl::StatusCode::kDataLoss)
          << golden.erlang << " cut to " << size;
    }
  }
}

TEST(ControlMessage, RefusesEveryOtherArity) {
  for (const GoldenControlMessage& golden : GoldenControlMessages()) {
    const int arity = golden.control[3] - '0';
    for (int other = 1; other < 9; ++other) {
      if (other == arity) continue;
      // ALTACT_SIG_SEND may be longer.
      if (golden.erlang.substr(0, 3) == "{37" && other > arity) continue;
      std::string control = golden.control;
      control[3] = static_cast<char>('0' + other);
      EXPECT_NE(DecodeError(control + "6a6a6a6a6a6a6a6a6a83" + "6a"), "")
          << golden.erlang << " with arity " << other;
    }
  }
}

// Each field in turn becomes a term that is of no type that any field has.
TEST(ControlMessage, RefusesFieldsOfTheWrongType) {
  int replaced = 0;
  for (const GoldenControlMessage& golden : GoldenControlMessages()) {
    const std::string control = FromHex(golden.control);
    TermReader reader(control);
    TermElements elements = reader.ReadTerm().elements();
    TermView element;
    elements.Next(element);  // The operation.
    while (elements.Next(element)) {
      const bool any_type =
          element.IsAtom("") || element.IsAtom("normal") ||
          element.IsAtom("kill") || element.IsAtom("noproc") ||
          element.type() == TermType::kList || element.IsTuple(5);
      if (any_type) continue;  // Cookies, reasons, options and tokens.
      std::string changed = control;
      changed.replace(
          static_cast<size_t>(element.bytes().data() - control.data()),
          element.bytes().size(), FromHex("463ff8000000000000"));
      const std::string error =
          DecodeError(absl::BytesToHexString(changed) + "8377026869");
      EXPECT_THAT(error, HasSubstr("found NEW_FLOAT_EXT")) << golden.erlang;
      ++replaced;
    }
  }
  EXPECT_GT(replaced, 80);
}

TEST(ControlMessage, WhatFollowsTheLastTermIsIgnored) {
  // As OTP 25.2.3 does, with a message and with a link.
  for (const GoldenControlMessage& golden : GoldenControlMessages()) {
    EXPECT_EQ(DecodeError(absl::StrCat(golden.control,
                                       golden.payload.empty() ? "" : "83",
                                       golden.payload, "ffffff")),
              "")
        << golden.erlang;
  }
}

TEST(ControlMessage, RefusesPacketsThatDoNotBeginAsTheyMust) {
  ControlMessage message;
  for (absl::string_view hex : {"", "70", "7084", "7070836803", "836803"}) {
    const std::string body = FromHex(hex);
    EXPECT_FALSE(DecodePassThrough(body, message).ok()) << hex;
  }
  const std::string header = FromHex("834400680361016a6a");
  EXPECT_THAT(DecodePassThrough(header, message).message(),
              HasSubstr("distribution header, which was not negotiated"));
}

TEST(ControlMessage, TheFirstByteIsIgnored) {
  // As OTP 25.2.3 does.
  ControlMessage message;
  for (absl::string_view first : {"00", "71", "83", "ff"}) {
    const std::string body =
        FromHex(absl::StrCat(first, "83", "6803", "6101", kFrom, kTo));
    EXPECT_TRUE(DecodePassThrough(body, message).ok()) << first;
  }
}

TEST(ControlMessage, ABrokenPayloadCostsOnlyThePayload) {
  for (const GoldenControlMessage& golden : GoldenControlMessages()) {
    if (golden.payload.empty()) continue;
    SCOPED_TRACE(golden.erlang);
    for (const char* payload : {"", "83", "8377", "6a", "83ff"}) {
      ControlMessage message;
      const std::string body =
          FromHex(absl::StrCat("7083", golden.control, payload));
      EXPECT_TRUE(absl::IsDataLoss(DecodePassThrough(body, message)));
      ASSERT_NE(PayloadOf(message), nullptr);
      EXPECT_TRUE(PayloadOf(message)->empty());
      EXPECT_TRUE(CheckControlMessage(message, "p@h", "o@h").ok());
    }
  }
}

TEST(ControlMessage, RefusesControlTermsThatAreNoTupleOfAnOperation) {
  EXPECT_THAT(DecodeError("6a"), HasSubstr("expected a tuple"));
  EXPECT_THAT(DecodeError("6800"), HasSubstr("a tuple that is not empty"));
  EXPECT_THAT(DecodeError("680177026f6b"), HasSubstr("expected an integer"));
  EXPECT_THAT(DecodeError("6c0000000161016a"), HasSubstr("expected a tuple"));
}

TEST(ControlMessage, TakesOperationsHoweverTheyAreWritten) {
  for (absl::string_view one : {"6101", "6200000001", "6e010001"}) {
    EXPECT_EQ(DecodeError(absl::StrCat("6803", one, kFrom, kTo)), "") << one;
  }
  EXPECT_EQ(DecodeError(absl::StrCat("6900000003", "6101", kFrom, kTo)), "");
}

TEST(ControlMessage, UnknownOperationsAreDecodedAndNotAllowed) {
  for (int64_t operation : {-1, 0, 5, 9, 38, 99, 1000000}) {
    StringWriter out;
    TermWriter writer(out);
    writer.WriteTupleHeader(2);
    writer.WriteInteger(operation);
    writer.WriteAtom("x");
    const std::string body = absl::StrCat("\x70\x83", out.view());
    ControlMessage message;
    ASSERT_TRUE(DecodePassThrough(body, message).ok()) << operation;
    const auto* unknown = std::get_if<control::Unknown>(&message);
    ASSERT_NE(unknown, nullptr);
    EXPECT_EQ(unknown->operation, operation);
    EXPECT_EQ(unknown->control.bytes(), out.view());
    EXPECT_EQ(
        CheckControlMessage(message, "p@h", "o@h").message(),
        absl::StrCat("control message: there is no operation ", operation));
    EXPECT_EQ(ToString(message),
              absl::StrCat("UNKNOWN ", operation, ": tuple of ",
                           out.view().size(), " bytes"));
  }
  EXPECT_NE(DecodeError("68026163"), "");  // And cut short.
}

TEST(ControlMessage, SaysWhatIsWrong) {
  EXPECT_EQ(
      DecodeError(absl::StrCat("6804", "6113", kFrom, kTo, "6101")),
      "control message MONITOR_P: at byte 42: expected a reference, found "
      "SMALL_INTEGER_EXT (97)");
  EXPECT_EQ(DecodeError(absl::StrCat("6802", "6101", kFrom)),
            "control message LINK: a tuple of 2 elements instead of 3");
  EXPECT_EQ(DecodeError(absl::StrCat("6803", "6102", "7700", kTo)),
            "control message SEND: payload: the bytes end at 26, where the "
            "version byte 131 was expected");
  EXPECT_THAT(DecodeError(absl::StrCat("6803", "6102", "7700", kTo, "6101")),
              HasSubstr("expected the version byte 131"));
  EXPECT_THAT(DecodeError(absl::StrCat("6803", "6102", "7700", kTo, "836802")),
              HasSubstr("more elements than there are bytes"));
}

// Each of these makes OTP 25.2.3 close the connection.
TEST(ControlMessage, RefusesNumbersOutOfRange) {
  for (absl::string_view id :
       {"6100", "62ffffffff", "6e0900000000000000000001", "6a"}) {
    EXPECT_NE(DecodeError(absl::StrCat("6804", "6123", id, kFrom, kTo)), "")
        << id;
  }
  EXPECT_EQ(DecodeError(absl::StrCat("6804", "6124", "6100", kFrom, kTo)), "");
  for (absl::string_view flags : {"62ffffffff", "6208000000"}) {
    EXPECT_THAT(
        DecodeError(absl::StrCat("6805", "611f", kOwnRef, kTo, flags, kFrom)),
        HasSubstr("flags below 2^27"))
        << flags;
  }
  EXPECT_EQ(DecodeError(absl::StrCat("6805", "611f", kOwnRef, kTo, "6207ffffff",
                                     kFrom)),
            "");
}

// As OTP 28 does: unknown flags are ignored, of whatever size, and so are more
// elements at the end.
TEST(ControlMessage, AltactSigSendIsOpenToTheFuture) {
  const std::string payload = "836a";
  const auto altact = [&](absl::string_view arity, absl::string_view flags,
                          absl::string_view fields) {
    return DecodeError(
        absl::StrCat("68", arity, "6125", flags, fields, payload));
  };
  const std::string from_to = absl::StrCat(kFrom, kTo);
  EXPECT_EQ(altact("04", "61e0", from_to), "");
  EXPECT_EQ(altact("04", "6e0900000000000000000001", from_to), "");
  EXPECT_EQ(altact("06", "6100", from_to + "6a6a"), "");
  EXPECT_EQ(altact("06", "6102", from_to + "6a6a"), "");
  EXPECT_NE(altact("04", "6102", from_to), "");  // No token.
  EXPECT_NE(altact("04", "610c", absl::StrCat(kFrom, kOwnRef)), "");  // Both.
  EXPECT_NE(altact("04", "6104", from_to), "");
  EXPECT_NE(altact("04", "62ffffffff", from_to), "");
  EXPECT_NE(altact("04", "6e0101ff", from_to), "");
  EXPECT_NE(altact("05", "6100", from_to), "");  // The fifth is missing.
}

TEST(ControlMessage, PayloadsOutOfABodyOfTheirOwnAreLeftToTheCaller) {
  // Behind a distribution header: no version bytes, atoms in a table.
  const std::vector<absl::string_view> atoms = {"net_kernel", "p@h", ""};
  const std::string control = FromHex(
      "6804"
      "6106"
      "5852010000000500000001"
      "00000009"
      "5202"
      "5200");
  const std::string payload = FromHex(
      "6801"
      "5200");
  TermReader reader(control, atoms);
  ControlMessage message;
  ASSERT_TRUE(DecodeControl(reader, message).ok());
  EXPECT_TRUE(reader.AtEnd());
  TermReader payload_reader(payload, atoms);
  TermView* field = PayloadOf(message);
  ASSERT_NE(field, nullptr);
  *field = payload_reader.ReadTerm();
  const auto& send = std::get<control::RegSend>(message);
  EXPECT_EQ(send.to, "net_kernel");
  EXPECT_EQ(send.from, Pid("p@h", 5, 1, 9));
  EXPECT_TRUE(send.message.IsTuple(1));
}

TEST(CheckControlMessage, AllowsWhatErlangNodesSend) {
  for (const GoldenControlMessage& golden : GoldenControlMessages()) {
    ControlMessage message;
    const std::string body = golden.Body();
    ASSERT_TRUE(DecodePassThrough(body, message).ok());
    EXPECT_TRUE(CheckControlMessage(message, "p@h", "o@h").ok())
        << golden.erlang << CheckControlMessage(message, "p@h", "o@h");
  }
}

// What OTP 25.2.3 closes the connection for: sent to a node o@h by one that
// shook hands as p@h.
TEST(CheckControlMessage, RefusesSignalsInTheNameOfAnotherNode) {
  for (absl::string_view from : {kThird, kTo}) {
    for (absl::string_view hex : {"6101", "6104", "6118", "611a"}) {
      const std::string payload = hex == "6118" || hex == "611a" ? "836a" : "";
      EXPECT_NE(CheckError(absl::StrCat("6803", hex, from, kTo, payload)), "");
    }
    for (absl::string_view hex : {"6103", "6108"}) {
      EXPECT_NE(CheckError(absl::StrCat("6804", hex, from, kTo, "6a")), "");
    }
    for (absl::string_view hex : {"61236101", "61246101"}) {
      EXPECT_NE(CheckError(absl::StrCat("6804", hex, from, kTo)), "");
    }
    for (absl::string_view hex : {"6113", "6114"}) {
      EXPECT_NE(CheckError(absl::StrCat("6804", hex, from, kTo, kRef)), "");
    }
  }
  EXPECT_EQ(CheckError(absl::StrCat("6803", "6101", kThird, kTo)),
            "control message LINK of p@h to o@h: from #Pid<t@h.7.0.4> is of a "
            "node that it cannot be of");
}

TEST(CheckControlMessage, RefusesSignalsToProcessesOfAnotherNode) {
  for (absl::string_view to : {kThird, kFrom}) {
    for (absl::string_view hex : {"6101", "6104"}) {
      EXPECT_NE(CheckError(absl::StrCat("6803", hex, kFrom, to)), "");
    }
    for (absl::string_view hex : {"6103", "6108"}) {
      EXPECT_NE(CheckError(absl::StrCat("6804", hex, kFrom, to, "6a")), "");
    }
    for (absl::string_view hex : {"6113", "6114"}) {
      EXPECT_NE(CheckError(absl::StrCat("6804", hex, kFrom, to, kRef)), "");
    }
    EXPECT_NE(CheckError(absl::StrCat("6805", "6115", kFrom, to, kRef, "6a")),
              "");
    EXPECT_NE(
        CheckError(absl::StrCat("6805", "611f", kOwnRef, to, "6100", kFrom)),
        "");
  }
}

TEST(CheckControlMessage, RefusesAnswersAboutTheWrongNode) {
  // A monitored process, or a spawned one, that would be ours.
  EXPECT_NE(CheckError(absl::StrCat("6805", "6115", kTo, kTo, kRef, "6a")), "");
  EXPECT_NE(CheckError(absl::StrCat("6805", "611f", kOwnRef, kTo, "6100", kTo)),
            "");
  // An answer to a request that is not ours, and a request as if it were.
  EXPECT_NE(CheckError(absl::StrCat("6805", "611f", kRef, kTo, "6100", kFrom)),
            "");
  const std::string rest =
      "680377016d7701666100"
      "6a"
      "836a";
  EXPECT_EQ(CheckError(absl::StrCat("6806", "611d", kRef, kFrom, kFrom, rest)),
            "");
  EXPECT_NE(
      CheckError(absl::StrCat("6806", "611d", kOwnRef, kFrom, kFrom, rest)),
      "");
  EXPECT_NE(CheckError(absl::StrCat("6806", "611d", kRef, kTo, kFrom, rest)),
            "");
}

TEST(CheckControlMessage, LetsMessagesPassFromAnyoneToAnyone) {
  EXPECT_EQ(CheckError(absl::StrCat("6803", "6102", "7700", kThird, "836a")),
            "");
  EXPECT_EQ(CheckError(absl::StrCat("6803", "6116", kThird, kThird, "836a")),
            "");
  EXPECT_EQ(CheckError(
                absl::StrCat("6804", "6106", kThird, "7700", "770178", "836a")),
            "");
  EXPECT_EQ(CheckError(absl::StrCat("6803", "6107", kThird, kThird)), "");
}

TEST(CheckControlMessage, AnOlderLifeOfANodeIsFine) {
  const std::string old_from = "587703704068000000050000000100000008";
  const std::string old_to = "5877036f4068000000070000000000000003";
  for (absl::string_view hex : {"6101", "6104"}) {
    EXPECT_EQ(CheckError(absl::StrCat("6803", hex, old_from, old_to)), "");
  }
  EXPECT_EQ(CheckError(absl::StrCat("6804", "6103", kFrom, old_to, "6a")), "");
}

TEST(ControlMessage, ANodeCanSendFromItsOwnValues) {
  const Pid own("o@h", 7, 0, 4);
  const Pid peer("p@h", 5, 1, 9);
  const std::string noproc = FromHex("77066e6f70726f63");
  control::Exit exit;
  exit.from = own;
  exit.to = peer;
  exit.reason = TermView::Trusted(noproc, AtomTable());
  StringWriter out;
  EncodePassThrough(exit, out);
  ControlMessage message;
  ASSERT_TRUE(DecodePassThrough(out.view(), message).ok());
  EXPECT_EQ(ToString(message),
            "EXIT from #Pid<o@h.7.0.4> to #Pid<p@h.5.1.9> reason noproc");
  exit.reason_is_payload = true;
  out.Clear();
  EncodePassThrough(exit, out);
  ASSERT_TRUE(DecodePassThrough(out.view(), message).ok());
  EXPECT_EQ(ToString(message),
            "PAYLOAD_EXIT from #Pid<o@h.7.0.4> to #Pid<p@h.5.1.9> reason "
            "noproc");
}

TEST(ControlMessage, TextKeepsToOneLine) {
  const Pid from("p@h", 5, 1, 9);
  control::RegSend send;
  send.from = from;
  send.to = AtomView::Utf8("a\nb");
  EXPECT_EQ(ToString(send),
            "REG_SEND from #Pid<p@h.5.1.9> to a\\nb: no term of 0 bytes");
}

TEST(ControlMessageDeathTest, WhatIsMissingIsOurMistake) {
  StringWriter out;
  EXPECT_DEATH(EncodePassThrough(control::Unknown(), out), "check failed");
  EXPECT_DEATH(EncodePassThrough(control::Exit(), out), "check failed");
  EXPECT_DEATH(EncodePassThrough(control::Send(), out), "check failed");
}

}  // namespace
}  // namespace ringdist
