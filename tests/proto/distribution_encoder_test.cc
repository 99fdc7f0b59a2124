#include "ringdist/proto/distribution_encoder.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_decoder.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/tests/proto/golden_control_messages.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kCache = kDflagDistHdrAtomCache;
constexpr uint64_t kForms[] = {0, kCache, kDflagFragments,
                               kCache | kDflagFragments};
constexpr uint64_t kOperations =
    kDflagSendSender | kDflagExitPayload | kDflagUnlinkId;

const Pid kFrom("p@h", 5, 1, 9);
const Pid kTo("o@h", 7, 0, 4);

control::Send SendSender() {
  control::Send message;
  message.from = kFrom;
  message.to = kTo;
  return message;
}

void NoPayload(TermWriter&) { FAIL() << "there is no payload to write"; }

// A message as one string, its atoms in full.
std::string Plain(const ControlMessage& message) {
  StringWriter bytes;
  EncodePassThrough(message, bytes);
  return std::string(bytes.view());
}

// One direction of a connection.
class Link {
 public:
  explicit Link(uint64_t flags) : encoder_(flags), decoder_(flags) {}

  std::string Encode(const ControlMessage& message, PayloadWriter payload) {
    StringWriter packet;
    encoder_.Encode(message, payload, packet);
    return std::string(packet.view());
  }
  // The packet, which is committed.
  std::string Packet(const ControlMessage& message, PayloadWriter payload) {
    std::string packet = Encode(message, payload);
    encoder_.Commit();
    return packet;
  }
  // What arrives, with its atoms in full; empty if it goes on.
  std::string Receive(absl::string_view packet) {
    const absl::StatusOr<bool> complete = decoder_.Decode(packet);
    EXPECT_TRUE(complete.ok()) << complete.status();
    if (!complete.ok() || !*complete) return "";
    text_ = ToString(decoder_.message());
    return Plain(decoder_.message());
  }
  // The last message that arrived, in words.
  const std::string& text() const { return text_; }
  std::string Transfer(const ControlMessage& message, PayloadWriter payload) {
    return Receive(Packet(message, payload));
  }
  // In fragments, of which there are `count`.
  std::string TransferFragments(const ControlMessage& message,
                                PayloadWriter payload, size_t& count);

  DistributionEncoder& encoder() { return encoder_; }
  DistributionDecoder& decoder() { return decoder_; }

 private:
  DistributionEncoder encoder_;
  DistributionDecoder decoder_;
  std::string text_;
};

std::string Link::TransferFragments(const ControlMessage& message,
                                    PayloadWriter payload, size_t& count) {
  StringWriter bytes;
  size_t control_size;
  encoder_.EncodePlain(message, payload, bytes, control_size);
  count = DistributionEncoder::FragmentCount(bytes.size());
  for (size_t i = 0;; ++i) {
    StringWriter packet;
    DistributionEncoder::WriteFragmentHeader(42, count - i, i == 0, packet);
    if (i == 0) packet.WriteU8(0);  // No atoms.
    packet.WriteBytes(bytes.view().substr(i * kFragmentBytes, kFragmentBytes));
    const std::string received = Receive(packet.view());
    EXPECT_EQ(received.empty(), i + 1 < count);
    if (i + 1 == count) return received;
  }
}

// A golden message, its bytes with it.
struct Golden {
  explicit Golden(const GoldenControlMessage& golden) : body(golden.Body()) {
    EXPECT_TRUE(DecodePassThrough(body, message).ok());
  }
  void WritePayload(TermWriter& writer) const {
    writer.WriteTerm(*PayloadOf(message));
  }

  std::string body;
  ControlMessage message;
};

TEST(DistributionEncoder, EveryOperationArrivesInEveryForm) {
  for (const uint64_t form : kForms) {
    Link link(form | kOperations);
    for (const GoldenControlMessage& each : GoldenControlMessages()) {
      SCOPED_TRACE(each.erlang);
      const Golden golden(each);
      const auto payload = [&](TermWriter& w) { golden.WritePayload(w); };
      // New atoms, and then those that are known, again and again.
      for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(link.Transfer(golden.message, payload), golden.body);
      }
      StringWriter bytes, packet;
      size_t control_size;
      link.encoder().EncodePlain(golden.message, payload, bytes, control_size);
      EXPECT_EQ(absl::BytesToHexString(bytes.view()),
                each.control + each.payload);
      EXPECT_EQ(control_size, each.control.size() / 2);
      link.encoder().WritePlain(bytes.view(), control_size, packet);
      EXPECT_EQ(link.Receive(packet.view()), golden.body);
      if (!link.encoder().fragments()) continue;
      size_t count;
      EXPECT_EQ(link.TransferFragments(golden.message, payload, count),
                golden.body);
      EXPECT_EQ(count, 1);
    }
  }
}

// What `to` is sent, with a payload of the atoms.
std::string PlainOf(const ControlMessage& message,
                    const std::vector<std::string>& atoms) {
  StringWriter bytes;
  TermWriter writer(bytes);
  writer.WriteTupleHeader(atoms.size());
  for (const std::string& atom : atoms) writer.WriteAtom(atom);
  const std::string payload(bytes.view());
  ControlMessage whole = message;
  *PayloadOf(whole) = TermView::Trusted(payload, {});
  return Plain(whole);
}

TEST(DistributionEncoder, ARepeatedControlTermKeepsItsAtoms) {
  Link link(kCache | kOperations);
  const control::RegSend to_name = {
      .from = kFrom, .to = AtomView::Utf8("n"), .token = {}, .message = {}};
  const Reference alias("o@h", 4, {1, 2, 3});
  const control::AliasSend to_alias = {
      .from = kFrom, .to = alias, .token = {}, .message = {}};
  const Pid other("p@h", 6, 1, 9);
  const control::RegSend of_other = {
      .from = other, .to = AtomView::Utf8("n"), .token = {}, .message = {}};
  // Atoms of the control term, others, new ones, and none, in between.
  const std::vector<std::vector<std::string>> payloads = {
      {}, {"n"}, {"a"}, {"a", "p@h", "b"}, {"n", "n"}, {}, {"c"}, {"b", "a"}};
  for (const ControlMessage& message :
       {ControlMessage(to_name), ControlMessage(SendSender()),
        ControlMessage(to_alias), ControlMessage(of_other)}) {
    for (int i = 0; i < 3; ++i) {
      for (const std::vector<std::string>& atoms : payloads) {
        const auto payload = [&](TermWriter& writer) {
          writer.WriteTupleHeader(atoms.size());
          for (const std::string& atom : atoms) writer.WriteAtom(atom);
        };
        EXPECT_EQ(link.Transfer(message, payload), PlainOf(message, atoms));
        if (i == 1) {
          // What is encoded and never sent changes nothing.
          link.Encode(message, [&](TermWriter& writer) {
            writer.WriteAtom(absl::StrCat("lost", atoms.size()));
          });
          link.encoder().Abandon();
        }
      }
    }
  }
}

TEST(DistributionEncoder, EncodesAgainWhatItEncodes) {
  Link link(kCache | kOperations);
  Link other(kCache | kOperations);
  const ControlMessage to_name = control::RegSend{
      .from = kFrom, .to = AtomView::Utf8("n"), .token = {}, .message = {}};
  for (const ControlMessage& message :
       {to_name, ControlMessage(SendSender()), to_name}) {
    uint64_t number = 0;
    for (const char* atom : {"a", "b", "n", "a", "", "c", "a"}) {
      SCOPED_TRACE(atom);
      const auto payload = [&](TermWriter& writer) {
        absl::string_view(atom).empty() ? writer.WriteNil()
                                        : writer.WriteAtom(atom);
      };
      const std::string expected = other.Packet(message, payload);
      if (number == 0) {
        EXPECT_EQ(link.Packet(message, payload), expected);
        number = link.encoder().repeated();
        continue;
      }
      ASSERT_EQ(link.encoder().repeated(), number);
      EXPECT_EQ(ToString(link.encoder().repeated_message()), ToString(message));
      StringWriter packet;
      link.encoder().EncodeAgain(payload, packet);
      link.encoder().Commit();
      EXPECT_EQ(packet.view(), expected);
      EXPECT_EQ(link.encoder().payload_offset(),
                other.encoder().payload_offset());
    }
    EXPECT_NE(number, 0u);
    EXPECT_EQ(link.encoder().statistics().hits,
              other.encoder().statistics().hits);
  }
}

TEST(DistributionEncoder, AnAtomOfARepeatedControlTermMayLoseItsSlot) {
  // Another atom with the slot of "n".
  std::string rival;
  for (int i = 0; rival.empty(); ++i) {
    const std::string text = absl::StrCat("rival", i);
    if (AtomCacheOut::SlotOf(text) == AtomCacheOut::SlotOf("n")) rival = text;
  }
  Link link(kCache | kOperations);
  const control::RegSend to_name = {
      .from = kFrom, .to = AtomView::Utf8("n"), .token = {}, .message = {}};
  const auto number = [](TermWriter& writer) { writer.WriteInteger(1); };
  const std::string expected = link.Transfer(to_name, number);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(link.Transfer(to_name, number), expected);
    // In the payload of the same: in full, as the slot is taken.
    EXPECT_EQ(link.Transfer(to_name,
                            [&](TermWriter& writer) {
                              writer.WriteTupleHeader(1);
                              writer.WriteAtom(rival);
                            }),
              PlainOf(to_name, {rival}));
    EXPECT_EQ(link.Transfer(to_name, number), expected);
    // In another message it takes the slot.
    EXPECT_EQ(link.Transfer(SendSender(),
                            [&](TermWriter& writer) {
                              writer.WriteTupleHeader(1);
                              writer.WriteAtom(rival);
                            }),
              PlainOf(SendSender(), {rival}));
  }
}

TEST(DistributionEncoder, WithoutHeaderItWritesWhatErlangDoes) {
  Link link(kOperations);
  for (const GoldenControlMessage& each : GoldenControlMessages()) {
    const Golden golden(each);
    EXPECT_EQ(link.Packet(golden.message,
                          [&](TermWriter& w) { golden.WritePayload(w); }),
              golden.body);
  }
}

TEST(DistributionEncoder, FragmentsAloneMeanAHeaderWithoutAtoms) {
  Link link(kDflagFragments | kOperations);
  for (const GoldenControlMessage& each : GoldenControlMessages()) {
    const Golden golden(each);
    EXPECT_EQ(
        absl::BytesToHexString(link.Packet(
            golden.message, [&](TermWriter& w) { golden.WritePayload(w); })),
        absl::StrCat("834400", each.control, each.payload));
  }
}

TEST(DistributionEncoder, AtomsAreSaidOnceAndThenReferredTo) {
  Link link(kCache | kOperations);
  const auto payload = [](TermWriter& w) {
    w.WriteTupleHeader(2);
    w.WriteAtom("o@h");
    w.WriteAtom("ok");
  };
  const auto slot = [](absl::string_view text) {
    return AtomCacheOut::SlotOf(text);
  };
  const auto upper = [&](absl::string_view low, absl::string_view high) {
    return static_cast<char>(slot(low) >> 8 | slot(high) >> 8 << 4);
  };
  const auto lower = [&](absl::string_view text) {
    return static_cast<char>(slot(text));
  };
  const std::string terms = FromHex(
      "68036116"
      "585200000000050000000100000009"
      "585201000000070000000000000004"
      "680252015202");
  EXPECT_EQ(
      link.Packet(SendSender(), payload),
      absl::StrCat(FromHex("834403"),
                   std::string({static_cast<char>(0x88 | upper("p@h", "o@h")),
                                static_cast<char>(8 | slot("ok") >> 8),
                                lower("p@h"), 3, 'p', '@', 'h', lower("o@h"), 3,
                                'o', '@', 'h', lower("ok"), 2, 'o', 'k'}),
                   terms));
  EXPECT_EQ(link.Packet(SendSender(), payload),
            absl::StrCat(FromHex("834403"),
                         std::string({upper("p@h", "o@h"),
                                      static_cast<char>(slot("ok") >> 8),
                                      lower("p@h"), lower("o@h"), lower("ok")}),
                         terms));
  EXPECT_EQ(link.encoder().statistics().references, 6);
  EXPECT_EQ(link.encoder().statistics().hits, 3);
}

TEST(DistributionEncoder, ReplacesWhatThePeerDoesNotUnderstand) {
  int replaced = 0;
  for (const uint64_t form : kForms) {
    Link link(form);
    for (const GoldenControlMessage& each : GoldenControlMessages()) {
      SCOPED_TRACE(each.erlang);
      const Golden golden(each);
      const std::string expected = absl::StrReplaceAll(
          each.text, {{"SEND_SENDER from #Pid<p@h.5.1.9>", "SEND"},
                      {"SEND_SENDER_TT from #Pid<p@h.5.1.9>", "SEND_TT"},
                      {"PAYLOAD_", ""},
                      {"UNLINK_ID 1 ", "UNLINK "},
                      {"UNLINK_ID 18446744073709551615 ", "UNLINK "}});
      if (expected != each.text) ++replaced;
      const auto payload = [&](TermWriter& w) { golden.WritePayload(w); };
      link.Transfer(golden.message, payload);
      EXPECT_EQ(link.text(), expected);
      StringWriter bytes, packet;
      size_t control_size;
      link.encoder().EncodePlain(golden.message, payload, bytes, control_size);
      link.encoder().WritePlain(bytes.view(), control_size, packet);
      link.Receive(packet.view());
      EXPECT_EQ(link.text(), expected);
    }
  }
  EXPECT_EQ(replaced, 4 * 9);
}

TEST(DistributionEncoder, CallsForThePayloadOnceIfThereIsOne) {
  for (const uint64_t form : kForms) {
    for (const uint64_t operations : {uint64_t{0}, kOperations}) {
      for (const GoldenControlMessage& each : GoldenControlMessages()) {
        SCOPED_TRACE(each.erlang);
        const Golden golden(each);
        int calls = 0;
        Link link(form | operations);
        link.Packet(golden.message, [&](TermWriter& w) {
          ++calls;
          golden.WritePayload(w);
        });
        const bool exit = std::visit(
            [](const auto& m) {
              return requires { m.reason_is_payload; };
            },
            golden.message);
        EXPECT_EQ(calls, each.payload.empty() || exit ? 0 : 1);
      }
    }
  }
}

TEST(DistributionEncoder, WhatWasAbandonedIsNotKnownToThePeer) {
  Link link(kCache | kOperations);
  const auto payload = [](TermWriter& w) { w.WriteAtom("a"); };
  const std::string first = link.Encode(SendSender(), payload);
  link.encoder().Abandon();
  EXPECT_EQ(link.Packet(SendSender(), payload), first);
  const std::string second = link.Encode(SendSender(), payload);
  EXPECT_LT(second.size(), first.size());
  link.encoder().Abandon();
  const std::string received = link.Receive(first);
  EXPECT_EQ(link.Receive(second), received);
}

TEST(DistributionEncoder, TheHeaderMayBeOfAnotherSizeThanTheLast) {
  // The terms move back and forth, small ones and large ones.
  Link link(kCache | kOperations);
  for (const size_t size : {10, 1000, 70000, 300000, 3, 0}) {
    for (const int atoms : {1, 20, 3, 255, 1, 0}) {
      const std::string binary(size, 'x');
      const auto payload = [&](TermWriter& w) {
        w.WriteTupleHeader(static_cast<size_t>(atoms) + 1);
        w.WriteBinary(binary);
        for (int i = 0; i < atoms; ++i) {
          w.WriteAtom(absl::StrCat(size, "_", i));
        }
      };
      control::Send expected = SendSender();
      StringWriter term;
      TermWriter writer(term);
      payload(writer);
      expected.message = TermView::Trusted(term.view(), {});
      EXPECT_EQ(link.Transfer(SendSender(), payload), Plain(expected));
    }
  }
}

// Writes a list of atoms.
struct AtomList {
  void operator()(TermWriter& writer) const {
    writer.WriteListHeader(atoms.size());
    for (const std::string& atom : atoms) writer.WriteAtom(atom);
    writer.WriteNil();
  }
  std::string Expected() const {
    control::Send message = SendSender();
    StringWriter term;
    TermWriter writer(term);
    (*this)(writer);
    message.message = TermView::Trusted(term.view(), {});
    return Plain(message);
  }

  std::vector<std::string> atoms;
};

TEST(DistributionEncoder, ThreeHundredAtomsInOneMessage) {
  Link link(kCache | kOperations);
  AtomList list;
  for (int i = 0; i < 300; ++i) list.atoms.push_back(absl::StrCat("atom", i));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(link.Transfer(SendSender(), list), list.Expected());
  }
  const std::string packet = link.Packet(SendSender(), list);
  EXPECT_EQ(static_cast<uint8_t>(packet[2]), 255);
}

TEST(DistributionEncoder, AtomsThatCollideInOneMessage) {
  Link link(kCache | kOperations);
  AtomList list;
  for (int i = 0; list.atoms.size() < 5; ++i) {
    const std::string atom = absl::StrCat("atom", i);
    if (AtomCacheOut::SlotOf(atom) == AtomCacheOut::SlotOf("p@h")) {
      list.atoms.push_back(atom);
      list.atoms.push_back("p@h");
    }
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(link.Transfer(SendSender(), list), list.Expected());
  }
}

TEST(DistributionEncoder, LongAtoms) {
  std::string long_atom;
  for (int i = 0; i < 255; ++i) long_atom += "\xe4\xbd\xa0";
  for (const uint64_t form : kForms) {
    Link link(form | kOperations);
    const AtomList list{{"short", long_atom, std::string(255, 'x'), ""}};
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(link.Transfer(SendSender(), list), list.Expected());
    }
  }
}

TEST(DistributionEncoder, TenThousandAtomsComeAndGo) {
  std::mt19937 random(1);
  Link link(kCache | kOperations);
  for (int message = 0; message < 3000; ++message) {
    AtomList list;
    for (size_t count = random() % 10; count > 0; --count) {
      list.atoms.push_back(
          absl::StrCat("atom", random() % (random() % 10000 + 1)));
    }
    if (random() % 8 == 0) {
      link.Encode(SendSender(), list);
      link.encoder().Abandon();
    } else {
      ASSERT_EQ(link.Transfer(SendSender(), list), list.Expected());
    }
  }
  const AtomCacheStatistics sent = link.encoder().statistics();
  const AtomCacheStatistics received = link.decoder().statistics();
  EXPECT_EQ(sent.references, received.references);
  EXPECT_EQ(sent.hits, received.hits);
  EXPECT_GT(sent.hits, sent.references / 4);
  EXPECT_LT(sent.hits, sent.references);
}

TEST(DistributionEncoder, AllThatNamesANodeUsesTheCache) {
  Link link(kCache | kOperations);
  const uint32_t words[] = {1, 2};
  const auto payload = [&](TermWriter& w) {
    w.WriteTupleHeader(4);
    w.WritePid(kFrom);
    w.WriteReference(Reference("p@h", 9, words));
    w.WritePort(Port("o@h", 1, 9));
    w.WritePort(Port("o@h", uint64_t{1} << 40, 9));
  };
  const std::string first = link.Packet(SendSender(), payload);
  EXPECT_EQ(absl::BytesToHexString(absl::string_view(first).substr(2, 1)),
            "02");
  EXPECT_NE(link.Receive(first), "");
  EXPECT_THAT(link.Packet(SendSender(), payload), Not(HasSubstr("@h")));
}

// What arrives on one connection goes out on another: its references are to
// other atoms there.
TEST(DistributionEncoder, TermsWithReferencesAreSentOnWithReferences) {
  const absl::string_view atoms[] = {"p@h", "lists", "map"};
  // {Pid, Ref, Port, fun lists:map/2, closure, map, #{p@h => 'in full'}}
  const std::string term = FromHex(
      "6807"
      "585200000000050000000100000009"
      "5a000152000000000900000001"
      "5952000000000100000009"
      "71520152026102"
      "7000000036"
      "01"
      "00000000000000000000000000000000"
      "00000001"
      "00000001"
      "5201"
      "6101"
      "6102"
      "585200000000050000000100000009"
      "6152"
      "5202"
      "7400000001"
      "5200"
      "7707696e2066756c6c");
  TermReader reader(term, atoms);
  const TermView view = reader.ReadTerm();
  ASSERT_TRUE(reader.ok()) << reader.status();
  ASSERT_TRUE(reader.AtEnd());
  const auto payload = [&](TermWriter& w) { w.WriteTerm(view); };
  control::Send expected = SendSender();
  expected.message = view;
  Link link(kCache | kOperations);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(link.Transfer(SendSender(), payload), Plain(expected));
  }
  const std::string packet = link.Packet(SendSender(), payload);
  for (absl::string_view text : {"p@h", "o@h", "lists", "in full"}) {
    EXPECT_THAT(packet, Not(HasSubstr(std::string(text))));
  }
}

TEST(DistributionEncoder, FragmentsOfEverySizeAroundTheirLimit) {
  Link link(kDflagFragments | kCache | kOperations);
  const size_t overhead = 4 + 18 + 18 + 5;  // The control term, and m u32.
  for (const size_t fragments : {1, 2, 5}) {
    for (const size_t more : {size_t{0}, size_t{1}}) {
      const std::string content(fragments * kFragmentBytes - overhead + more,
                                'x');
      const auto payload = [&](TermWriter& w) { w.WriteBinary(content); };
      control::Send expected = SendSender();
      StringWriter term;
      TermWriter writer(term);
      payload(writer);
      expected.message = TermView::Trusted(term.view(), {});
      size_t count;
      EXPECT_EQ(link.TransferFragments(SendSender(), payload, count),
                Plain(expected));
      EXPECT_EQ(count, fragments + more);
    }
  }
}

TEST(DistributionEncoder, FragmentHeadersAreARealNodes) {
  StringWriter packet;
  DistributionEncoder::WriteFragmentHeader(0x2d8000005b3, 3, true, packet);
  packet.WriteU8(0);  // No atoms.
  EXPECT_EQ(absl::BytesToHexString(packet.view()),
            "8345000002d8000005b3000000000000000300");
  packet.Clear();
  DistributionEncoder::WriteFragmentHeader(0x2d8000005b3, 2, false, packet);
  EXPECT_EQ(absl::BytesToHexString(packet.view()),
            "8346000002d8000005b30000000000000002");
}

TEST(DistributionEncoder, PlainMessagesAreAppended) {
  DistributionEncoder encoder(kOperations);
  StringWriter bytes;
  bytes.WriteBytes("before");
  size_t control_size;
  encoder.EncodePlain(control::Link{kFrom, kTo}, NoPayload, bytes,
                      control_size);
  EXPECT_EQ(control_size, bytes.size() - 6);
}

TEST(DistributionEncoderDeathTest, ChecksHowItIsUsed) {
  Link link(kCache);
  const control::Link message{kFrom, kTo};
  EXPECT_DEATH(link.encoder().Commit(), "encoded_");
  EXPECT_DEATH(link.encoder().Abandon(), "encoded_");
  link.Encode(message, NoPayload);
  EXPECT_DEATH(link.Encode(message, NoPayload), "encoded_");
  link.encoder().Abandon();
  StringWriter packet;
  packet.WriteU8(0);
  EXPECT_DEATH(link.encoder().Encode(message, NoPayload, packet), "size");
  EXPECT_DEATH(DistributionEncoder::WriteFragmentHeader(0, 1, true, packet),
               "sequence");
  EXPECT_DEATH(DistributionEncoder::WriteFragmentHeader(1, 0, true, packet),
               "id");
  EXPECT_DEATH(DistributionEncoder::FragmentCount(0), "bytes");
}

}  // namespace
}  // namespace ringdist
