// Signals by hand, to a real node and to ours: both give the same answers, byte
// by byte, ignore the same, and close the connection for the same. The one
// thing in which they differ is the last test.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_writer.h"
#include "ringdist/tests/interop/either_node_test.h"
#include "ringdist/tests/testing/raw_peer.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

// Terms, as bytes.

std::string Int(int64_t value) {
  StringWriter bytes;
  TermWriter(bytes).WriteInteger(value);
  return std::string(bytes.view());
}

std::string Unsigned(uint64_t value) {
  StringWriter bytes;
  TermWriter(bytes).WriteUnsigned(value);
  return std::string(bytes.view());
}

std::string Atom(absl::string_view text) {
  StringWriter bytes;
  TermWriter(bytes).WriteAtom(text);
  return std::string(bytes.view());
}

std::string PidOf(absl::string_view node, uint32_t creation) {
  StringWriter bytes;
  TermWriter(bytes).WritePid(Pid(std::string(node), 7777, 0, creation));
  return std::string(bytes.view());
}

std::string ReferenceOf(absl::string_view node, uint32_t creation) {
  StringWriter bytes;
  TermWriter(bytes).WriteReference(
      Reference(std::string(node), creation, {1, 2, 3}));
  return std::string(bytes.view());
}

std::string Tuple(std::initializer_list<std::string> elements) {
  StringWriter bytes;
  TermWriter(bytes).WriteTupleHeader(elements.size());
  for (const std::string& element : elements) bytes.WriteBytes(element);
  return std::string(bytes.view());
}

// The body of a packet.
std::string Signal(absl::string_view control, absl::string_view payload = "") {
  return absl::StrCat("\x70\x83", control, payload.empty() ? "" : "\x83",
                      payload);
}

struct Row {
  std::string what;
  std::string body;
  std::string answer;
};

class SignalsTest : public EitherNodeTest {
 protected:
  void SetUp() override {
    EitherNodeTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    uint32_t creation = 0;
    if (is_ours()) {
      creation = (*ours_)->creation();
    } else {
      ASSERT_TRUE(absl::SimpleAtoi(
          EvalRunning(*erlang_, "erlang:system_info(creation)."), &creation));
    }
    to_ = PidOf("srv@localhost", creation);
    old_ = PidOf("srv@localhost", creation - 1);
    own_reference_ = ReferenceOf("srv@localhost", creation);
  }

  RawPeer Connect() {
    RawPeer peer = DialIt("cpp@localhost");
    peer.Send(peer.Dial());
    EXPECT_TRUE(peer.ReceiveHandshake().has_value());
    return peer;
  }

  // What net_adm:ping sends, and what comes back.
  std::string Question() const {
    return Signal(to_net_kernel_,
                  Tuple({Atom("$gen_call"), Tuple({from_, reference_}),
                         Tuple({Atom("is_auth"), Atom("cpp@localhost")})}));
  }
  std::string Yes() const {
    return Signal(Tuple({Int(2), Atom(""), from_}),
                  Tuple({reference_, Atom("yes")}));
  }

  // Sends each row's body over one connection and sees that it goes on: the
  // row's answer comes, if it has one, and then nothing but the answer to a
  // question that is asked next.
  void ExpectAnswers(const std::vector<Row>& rows) {
    RawPeer peer = Connect();
    for (const Row& row : rows) {
      SCOPED_TRACE(row.what);
      peer.Send(DataPacket(row.body));
      if (!row.answer.empty()) {
        EXPECT_THAT(peer.ReceiveData(), Optional(row.answer));
      }
      peer.Send(DataPacket(Question()));
      EXPECT_THAT(peer.ReceiveData(), Optional(Yes()));
    }
  }

  // Sends each over a connection of its own, which the node closes.
  void ExpectCloses(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      SCOPED_TRACE(row.what);
      RawPeer peer = Connect();
      EXPECT_TRUE(IsConnectedTo("cpp@localhost"));
      peer.Send(DataPacket(row.body));
      ASSERT_TRUE(peer.SeesClose());
      EXPECT_TRUE(LosesConnectionTo("cpp@localhost"));
      if (is_ours()) {
        EXPECT_THAT(ours_->events().back(),
                    HasSubstr("down cpp@localhost: bad message"));
      }
    }
  }

  // Pids: of the peer; of the node, but nobody's; of an earlier life of the
  // node; of a third node.
  const std::string from_ = PidOf("cpp@localhost", 7);
  std::string to_;
  std::string old_;
  const std::string third_ = PidOf("other@localhost", 7);
  // References: of the peer, and of the node.
  const std::string reference_ = ReferenceOf("cpp@localhost", 7);
  std::string own_reference_;
  const std::string hello_ = Atom("hello");
  const std::string to_net_kernel_ =
      Tuple({Int(6), from_, Atom(""), Atom("net_kernel")});
};

INSTANTIATE_TEST_SUITE_P(Node, SignalsTest, EitherNode(), KindName);

TEST_P(SignalsTest, AreAnsweredAlike) {
  const std::string noproc = Atom("noproc");
  const std::string link = Tuple({Int(1), from_, to_});
  const std::string exit = Signal(Tuple({Int(3), to_, from_, noproc}));
  const std::vector<Row> rows = {
      {"is_auth", Question(), Yes()},
      {"LINK", Signal(link), exit},
      {"LINK to an earlier life", Signal(Tuple({Int(1), from_, old_})),
       Signal(Tuple({Int(3), old_, from_, noproc}))},
      {"bytes behind a LINK", absl::StrCat(Signal(link), "more"), exit},
      {"another first byte", absl::StrCat("\x71\x83", link), exit},
      {"MONITOR_P of a pid", Signal(Tuple({Int(19), from_, to_, reference_})),
       Signal(Tuple({Int(21), to_, from_, reference_, noproc}))},
      {"MONITOR_P of a name",
       Signal(Tuple({Int(19), from_, Atom("nobody"), reference_})),
       Signal(Tuple({Int(21), Atom("nobody"), from_, reference_, noproc}))},
      {"MONITOR_P of an earlier life",
       Signal(Tuple({Int(19), from_, old_, reference_})),
       Signal(Tuple({Int(21), old_, from_, reference_, noproc}))},
      {"UNLINK_ID", Signal(Tuple({Int(35), Int(1), from_, to_})),
       Signal(Tuple({Int(36), Int(1), to_, from_}))},
      {"UNLINK_ID with the largest id",
       Signal(Tuple({Int(35), Unsigned(UINT64_MAX), from_, to_})),
       Signal(Tuple({Int(36), Unsigned(UINT64_MAX), to_, from_}))},
  };
  ExpectAnswers(rows);
}

TEST_P(SignalsTest, AreIgnoredAlike) {
  const std::vector<Row> rows = {
      {"SEND", Signal(Tuple({Int(2), Atom(""), to_}), hello_)},
      {"SEND to an earlier life",
       Signal(Tuple({Int(2), Atom(""), old_}), hello_)},
      {"SEND to a third node",
       Signal(Tuple({Int(2), Atom(""), third_}), hello_)},
      {"SEND_SENDER", Signal(Tuple({Int(22), from_, to_}), hello_)},
      {"REG_SEND",
       Signal(Tuple({Int(6), from_, Atom(""), Atom("nobody")}), hello_)},
      {"ALIAS_SEND", Signal(Tuple({Int(33), from_, own_reference_}), hello_)},
      {"bytes behind the payload",
       Signal(to_net_kernel_, absl::StrCat(hello_, "more"))},
      {"EXIT", Signal(Tuple({Int(3), from_, to_, hello_}))},
      {"EXIT2", Signal(Tuple({Int(8), from_, to_, hello_}))},
      {"EXIT2 to an earlier life",
       Signal(Tuple({Int(8), from_, old_, hello_}))},
      {"GROUP_LEADER", Signal(Tuple({Int(7), third_, to_}))},
      {"DEMONITOR_P", Signal(Tuple({Int(20), from_, to_, reference_}))},
      {"UNLINK", Signal(Tuple({Int(4), from_, to_}))},
      {"UNLINK_ID_ACK", Signal(Tuple({Int(36), Int(5), from_, to_}))},
      {"MONITOR_P_EXIT",
       Signal(Tuple({Int(21), from_, to_, reference_, hello_}))},
      {"MONITOR_P_EXIT to an earlier life",
       Signal(Tuple({Int(21), from_, old_, reference_, hello_}))},
      {"SPAWN_REPLY",
       Signal(Tuple({Int(31), own_reference_, to_, Int(0), hello_}))},
      {"another call of net_kernel",
       Signal(to_net_kernel_,
              Tuple({Atom("$gen_call"), Tuple({from_, reference_}), hello_}))},
      {"no call of net_kernel", Signal(to_net_kernel_, hello_)},
      {"a tick", ""},
  };
  ExpectAnswers(rows);
}

// A real node looks at a payload only when a process receives it.
TEST_P(SignalsTest, BrokenPayloadsForNobodyAreIgnoredAlike) {
  const std::string send = Signal(Tuple({Int(2), Atom(""), to_}));
  const std::vector<Row> rows = {
      {"SEND without one", send},
      {"SEND with one that is cut", absl::StrCat(send, "\x83\x77\x05hell")},
      {"SEND with one without a version", absl::StrCat(send, hello_)},
      {"REG_SEND without one",
       Signal(Tuple({Int(6), from_, Atom(""), Atom("nobody")}))},
      {"ALIAS_SEND without one",
       Signal(Tuple({Int(33), from_, own_reference_}))},
      {"PAYLOAD_EXIT without one", Signal(Tuple({Int(24), from_, to_}))},
      {"PAYLOAD_EXIT2 without one", Signal(Tuple({Int(26), from_, to_}))},
      {"PAYLOAD_MONITOR_P_EXIT without one",
       Signal(Tuple({Int(28), from_, to_, reference_}))},
  };
  ExpectAnswers(rows);
}

TEST_P(SignalsTest, WithoutSenseEndTheConnectionAlike) {
  const std::string link = Tuple({Int(1), from_, to_});
  const std::vector<Row> rows = {
      {"an unknown operation", Signal(Tuple({Int(99), from_, to_}))},
      {"a tuple without an operation", Signal(Tuple({hello_, from_, to_}))},
      {"an empty tuple", Signal(Tuple({}))},
      {"no tuple", Signal(hello_)},
      {"too few elements", Signal(Tuple({Int(1), from_}))},
      {"too many elements", Signal(Tuple({Int(1), from_, to_, to_}))},
      {"an atom for a pid", Signal(Tuple({Int(1), hello_, to_}))},
      {"a SEND to a name", Signal(Tuple({Int(2), Atom(""), hello_}), hello_)},
      {"an UNLINK_ID with the id 0",
       Signal(Tuple({Int(35), Int(0), from_, to_}))},
      {"a control term that is cut", Signal(link.substr(0, link.size() - 1))},
      {"a tag that does not exist", Signal("\xFF")},
      {"a header that was not negotiated",
       absl::StrCat("\x83\x44", std::string(1, '\0'), link)},
      {"nothing but the first byte", "\x70"},
      // To a process that is there and receives them.
      {"a payload that is missing", Signal(to_net_kernel_)},
      {"a payload that is cut", Signal(to_net_kernel_, "\x77\x05hell")},
      {"a payload without a version",
       absl::StrCat(Signal(to_net_kernel_), hello_)},
  };
  ExpectCloses(rows);
}

TEST_P(SignalsTest, OfAThirdNodeEndTheConnectionAlike) {
  const std::vector<Row> rows = {
      {"LINK of one", Signal(Tuple({Int(1), third_, to_}))},
      {"LINK to one", Signal(Tuple({Int(1), from_, third_}))},
      {"EXIT of one", Signal(Tuple({Int(3), third_, to_, hello_}))},
      {"EXIT2 of one", Signal(Tuple({Int(8), third_, to_, hello_}))},
      {"UNLINK_ID of one", Signal(Tuple({Int(35), Int(1), third_, to_}))},
      {"MONITOR_P of one", Signal(Tuple({Int(19), third_, to_, reference_}))},
      {"DEMONITOR_P to one",
       Signal(Tuple({Int(20), from_, third_, reference_}))},
      {"MONITOR_P_EXIT to one",
       Signal(Tuple({Int(21), from_, third_, reference_, hello_}))},
      {"MONITOR_P_EXIT of the node itself",
       Signal(Tuple({Int(21), to_, to_, reference_, hello_}))},
      {"SPAWN_REPLY to a request of another",
       Signal(Tuple({Int(31), reference_, to_, Int(0), hello_}))},
  };
  ExpectCloses(rows);
}

// A process may link to a pid of an earlier life, and unlink or die before the
// answer arrives. A real node closes the connection for it, ours does not.
TEST_P(SignalsTest, ToAnEarlierLifeEndTheConnectionOfARealNodeOnly) {
  const std::vector<Row> rows = {
      {"EXIT", Signal(Tuple({Int(3), from_, old_, hello_}))},
      {"PAYLOAD_EXIT", Signal(Tuple({Int(24), from_, old_}), hello_)},
      {"UNLINK", Signal(Tuple({Int(4), from_, old_}))},
      {"UNLINK_ID_ACK", Signal(Tuple({Int(36), Int(5), from_, old_}))},
      {"UNLINK_ID", Signal(Tuple({Int(35), Int(1), from_, old_})),
       Signal(Tuple({Int(36), Int(1), old_, from_}))},
  };
  if (is_ours()) {
    ExpectAnswers(rows);
  } else {
    ExpectCloses(rows);
  }
}

}  // namespace
}  // namespace ringdist
