// Spawn requests and replies by hand, to a real node and to ours: both take and
// refuse the same, and answer the same.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/tests/interop/either_node_test.h"
#include "ringdist/tests/testing/raw_peer.h"

namespace ringdist {
namespace {

using ::testing::Optional;

// The body of a packet.
template <typename Control>
std::string Signal(const Control& control) {
  return absl::StrCat("\x70\x83", MakeTerm(control).bytes());
}
template <typename Control, typename Payload>
std::string Signal(const Control& control, const Payload& payload) {
  return absl::StrCat(Signal(control), "\x83", MakeTerm(payload).bytes());
}

class SpawnSignalsTest : public EitherNodeTest {
 protected:
  // The node has erlang:exit/1, as all have.
  void SetUp() override {
    EitherNodeTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    uint32_t creation = 0;
    if (is_ours()) {
      creation = (*ours_)->creation();
      const auto exits = [](IncomingCall call, const TermView& arguments) {
        TermView reason;
        if (Matches(arguments, List(std::make_tuple(&reason)))) {
          call.Exit(reason);
        }
      };
      ASSERT_TRUE((*ours_)->Export("erlang", "exit", 1, exits).ok());
    } else {
      ASSERT_TRUE(absl::SimpleAtoi(
          EvalRunning(*erlang_, "erlang:system_info(creation)."), &creation));
    }
    its_ = Pid("srv@localhost", 7777, 0, creation);
    its_old_ = Pid("srv@localhost", 7777, 0, creation - 1);
    its_reference_ = Reference("srv@localhost", creation, {1, 2, 3});
    its_old_reference_ = Reference("srv@localhost", creation - 1, {1, 2, 3});
  }

  RawPeer Connect() {
    RawPeer peer = DialIt("cpp@localhost");
    peer.flags |= kDflagSpawn;
    peer.Send(peer.Dial());
    EXPECT_TRUE(peer.ReceiveHandshake().has_value());
    return peer;
  }

  // What net_adm:ping sends and is sent: whatever else the node had to say
  // would come before.
  void ExpectNothingElse(RawPeer& peer) const {
    peer.Send(DataPacket(Signal(
        std::tuple(6, own_, Atom(""), Atom("net_kernel")),
        std::tuple(Atom("$gen_call"), std::tuple(own_, reference_),
                   std::tuple(Atom("is_auth"), Atom("cpp@localhost"))))));
    EXPECT_THAT(peer.ReceiveData(),
                Optional(Signal(std::tuple(2, Atom(""), own_),
                                std::tuple(reference_, Atom("yes")))));
  }

  auto Request(const Term& options) const {
    return std::tuple(29, reference_, own_, own_, exit_, options);
  }

  // What comes of erlang:exit(x) spawned with these options: "badopt"; or the
  // reply's flags, and what the link and the monitor tell.
  std::string Spawn(RawPeer& peer, absl::string_view options) {
    const absl::StatusOr<Term> term = ParseTerm(options);
    EXPECT_TRUE(term.ok()) << term.status();
    peer.Send(DataPacket(Signal(Request(*term), exit_arguments_)));
    const Term reply = Next(peer);
    Pid pid;
    uint32_t flags = 0;
    Atom error;
    if (Matches(reply, std::tuple(31, reference_, own_, 0, &error))) {
      return error.text;
    }
    EXPECT_TRUE(Matches(reply, std::tuple(31, reference_, own_, &flags, &pid)))
        << ToText(reply);
    std::string told = absl::StrCat(flags);
    const Atom x("x");
    if ((flags & control::SpawnReply::kLinked) != 0) {
      EXPECT_EQ(Next(peer), MakeTerm(std::tuple(3, pid, own_, x)));
      absl::StrAppend(&told, " exit");
    }
    if ((flags & control::SpawnReply::kMonitored) != 0) {
      EXPECT_EQ(Next(peer), MakeTerm(std::tuple(21, pid, own_, reference_, x)));
      absl::StrAppend(&told, " down");
    }
    return told;
  }
  // A process of the node asks the peer for another one, and lives on, or ends
  // with `gone`. Its request, whose id and pid stay as they are.
  struct Asked {
    Reference id;
    Pid from;
  };
  Asked LetItAsk(RawPeer& peer, const SpawnRequestOptions& options, bool dies) {
    if (is_ours()) {
      Process process =
          (*ours_)->Find((*ours_)->Spawn([](Process&, const TermView&) {}));
      const SpawnFunction function{"cpp@localhost", "m", "f", 1};
      const auto arguments = [](TermWriter& writer) {
        WriteValue(writer, std::vector<Atom>{Atom("x")});
      };
      EXPECT_TRUE(process.SpawnRequest(function, arguments, options).ok());
      if (dies) process.Exit(MakeTerm(Atom("gone")));
    } else {
      EvalRunning(*erlang_,
                  absl::StrCat("spawn(fun() -> spawn_request(cpp@localhost, m,"
                               " f, [x], [",
                               options.link ? "link" : "",
                               options.link && options.monitor ? ", " : "",
                               options.monitor ? "monitor" : "", "]), ",
                               dies ? "exit(gone)" : "receive x -> x end",
                               " end), ok."));
    }
    const std::optional<std::string> body = peer.ReceiveData();
    ControlMessage signal;
    EXPECT_TRUE(body.has_value() && DecodePassThrough(*body, signal).ok());
    const auto* request = std::get_if<control::SpawnRequest>(&signal);
    EXPECT_NE(request, nullptr);
    if (request == nullptr) return {};
    EXPECT_EQ(ToText(request->arguments), "[x]");
    return {Reference(request->id), Pid(request->from)};
  }

  // The next control term.
  Term Next(RawPeer& peer) {
    const std::optional<std::string> body = peer.ReceiveData();
    EXPECT_TRUE(body.has_value());
    if (!body.has_value()) return Term();
    const absl::StatusOr<Term> term = Term::FromExternal(body->substr(1));
    EXPECT_TRUE(term.ok()) << term.status();
    return term.ok() ? *term : Term();
  }

  struct Row {
    std::string what;
    std::string body;
    std::string answer = "";
  };
  void ExpectAnswers(const std::vector<Row>& rows) {
    RawPeer peer = Connect();
    for (const Row& row : rows) {
      SCOPED_TRACE(row.what);
      peer.Send(DataPacket(row.body));
      if (!row.answer.empty()) {
        EXPECT_THAT(peer.ReceiveData(), Optional(row.answer));
      }
      ExpectNothingElse(peer);
    }
  }
  void ExpectCloses(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      SCOPED_TRACE(row.what);
      RawPeer peer = Connect();
      EXPECT_TRUE(IsConnectedTo("cpp@localhost"));
      peer.Send(DataPacket(row.body));
      ASSERT_TRUE(peer.SeesClose());
      EXPECT_TRUE(LosesConnectionTo("cpp@localhost"));
    }
  }

  const Pid own_{"cpp@localhost", 7, 0, 7};
  const Pid child_{"cpp@localhost", 8, 0, 7};
  const Pid third_{"other@localhost", 7, 0, 7};
  const Reference reference_{"cpp@localhost", 7, {1, 2, 3}};
  const std::tuple<Atom, Atom, int> exit_{"erlang", "exit", 1};
  const std::vector<Atom> exit_arguments_{Atom("x")};
  // Of the node: of nobody, and of an earlier life.
  Pid its_;
  Pid its_old_;
  Reference its_reference_;
  Reference its_old_reference_;
};

INSTANTIATE_TEST_SUITE_P(Node, SpawnSignalsTest, EitherNode(), KindName);

TEST_P(SpawnSignalsTest, OptionsAreTakenAndRefusedAlike) {
  const std::vector<std::pair<absl::string_view, absl::string_view>> rows = {
      {"[]", "0"},
      {"[link]", "1 exit"},
      {"[monitor]", "2 down"},
      {"[link, monitor]", "3 exit down"},
      {"[monitor, link, monitor, link]", "3 exit down"},
      {"[{monitor, []}]", "2 down"},
      {"[{monitor, [{tag, x}, {alias, demonitor}]}]", "2 down"},
      {"[{monitor, [x]}]", "badopt"},
      {"[{monitor, x}]", "badopt"},
      {"[{link, x}]", "badopt"},
      {"[{priority, high}, link]", "1 exit"},
      {"[{priority, x}, link]", "badopt"},
      {"[{message_queue_data, off_heap}]", "0"},
      {"[{message_queue_data, mixed}]", "badopt"},
      {"[{fullsweep_after, 65536}]", "0"},
      {"[{fullsweep_after, -1}]", "badopt"},
      {"[{fullsweep_after, 18446744073709551615}]", "badopt"},
      {"[{min_heap_size, 5}]", "0"},
      {"[{min_heap_size, x}]", "badopt"},
      {"[{min_bin_vheap_size, 5}]", "0"},
      {"[{min_bin_vheap_size, 1152921504606846976}]", "badopt"},
      {"[{max_heap_size, 0}]", "0"},
      {"[{max_heap_size, 232}]", "badopt"},
      {"[{max_heap_size, 233}]", "0"},
      {"[{max_heap_size, x}]", "badopt"},
      {"[{max_heap_size, #{}}]", "badopt"},
      {"[{max_heap_size, #{size => 0}}]", "0"},
      {"[{max_heap_size, #{size => 10}}]", "badopt"},
      {"[{max_heap_size, #{size => #{size => 0}}}]", "badopt"},
      {"[{max_heap_size, #{size => 0, kill => true, x => 1}}]", "0"},
      {"[{max_heap_size, #{size => 0, error_logger => 1}}]", "badopt"},
      {"[{scheduler, 0}]", "0"},
      {"[{scheduler, 1}]", "0"},
      {"[{scheduler, 100000}]", "badopt"},
      {"[{scheduler, x}]", "badopt"},
      // What a node keeps to itself.
      {"[{reply, no}]", "badopt"},
      {"[{reply_tag, x}]", "badopt"},
      {"[{async_dist, true}]", "badopt"},
      {"[link, x]", "badopt"},
      {"[{a, b, c}]", "badopt"},
      {"[1]", "badopt"},
      {"[link | monitor]", "badopt"},
      {"link", "badopt"},
      {"{}", "badopt"},
  };
  RawPeer peer = Connect();
  for (const auto& [options, expected] : rows) {
    EXPECT_EQ(Spawn(peer, options), expected) << options;
    ExpectNothingElse(peer);
  }
}

// The number of the arguments is what counts, and not what is said of it.
TEST_P(SpawnSignalsTest, TheArityIsNotLookedAt) {
  RawPeer peer = Connect();
  const std::vector<Atom> monitor{Atom("monitor")};
  for (const int arity : {0, 2, -1}) {
    peer.Send(DataPacket(Signal(
        std::tuple(29, reference_, own_, own_,
                   std::tuple(Atom("erlang"), Atom("exit"), arity), monitor),
        exit_arguments_)));
    Pid pid;
    EXPECT_TRUE(Matches(Next(peer), std::tuple(31, reference_, own_, 2, &pid)));
    EXPECT_EQ(Next(peer),
              MakeTerm(std::tuple(21, pid, own_, reference_, Atom("x"))));
  }
}

TEST_P(SpawnSignalsTest, OthersMayBeNamedAlike) {
  RawPeer peer = Connect();
  const auto flags = [&](const Pid& from, const Pid& leader,
                         const Reference& reference) {
    peer.Send(
        DataPacket(Signal(std::tuple(29, reference, from, leader, exit_, Nil()),
                          exit_arguments_)));
    uint32_t value = 99;
    EXPECT_TRUE(
        Matches(Next(peer), std::tuple(31, reference, from, &value, Any())));
    ExpectNothingElse(peer);
    return value;
  };
  EXPECT_EQ(flags(third_, own_, reference_), 0u);
  EXPECT_EQ(flags(own_, third_, reference_), 0u);
  EXPECT_EQ(flags(own_, its_, reference_), 0u);
  EXPECT_EQ(flags(own_, own_, Reference("other@localhost", 7, {1, 2, 3})), 0u);
}

TEST_P(SpawnSignalsTest, RequestsWithoutSenseEndTheConnectionAlike) {
  const auto request = [&](const auto& id, const auto& from, const auto& leader,
                           const auto& function) {
    return Signal(std::tuple(29, id, from, leader, function, Nil()),
                  exit_arguments_);
  };
  const auto control = Request(MakeTerm(Nil()));
  const std::vector<Row> rows = {
      {"of the node itself", request(reference_, its_, own_, exit_)},
      {"with an id of the node", request(its_reference_, own_, own_, exit_)},
      {"an id that is none", request(Atom("x"), own_, own_, exit_)},
      {"a leader that is none", request(reference_, own_, Atom("user"), exit_)},
      {"no function", request(reference_, own_, own_, Atom("exit"))},
      {"half a function",
       request(reference_, own_, own_, std::tuple(Atom("erlang"), Atom("x")))},
      {"a module that is no atom",
       request(reference_, own_, own_, std::tuple(1, Atom("exit"), 1))},
      {"an arity that is none",
       request(reference_, own_, own_,
               std::tuple(Atom("erlang"), Atom("exit"), Atom("x")))},
      {"no payload", Signal(control)},
      {"a payload that is cut", absl::StrCat(Signal(control), "\x83w\x05hell")},
  };
  ExpectCloses(rows);
}

// What the node does for a process that was asked for by one that has ended.
TEST_P(SpawnSignalsTest, OrphansAreToldAlike) {
  struct Case {
    SpawnRequestOptions asked;
    int flags;
    std::string told;
  };
  const std::vector<Case> cases = {
      {{.link = false, .monitor = false, .group_leader = {}}, 0, ""},
      {{.link = false, .monitor = true, .group_leader = {}}, 2, "demonitor"},
      {{.link = true, .monitor = false, .group_leader = {}}, 1, "exit"},
      {{.link = true, .monitor = true, .group_leader = {}},
       3,
       "demonitor exit"},
      {{.link = true, .monitor = true, .group_leader = {}}, 0, ""},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.told);
    RawPeer peer = Connect();
    const Asked asked = LetItAsk(peer, one.asked, /*dies=*/true);
    // It has ended when it is nobody.
    EXPECT_TRUE(RunUntil([&] {
      peer.Send(
          DataPacket(Signal(std::tuple(19, own_, asked.from, reference_))));
      Atom why;
      EXPECT_TRUE(
          Matches(Next(peer), std::tuple(21, Any(), Any(), Any(), &why)));
      return why.text == "noproc";
    }));
    peer.Send(DataPacket(
        Signal(std::tuple(31, asked.id, asked.from, one.flags, child_))));
    if (one.told.find("demonitor") != std::string::npos) {
      EXPECT_EQ(Next(peer),
                MakeTerm(std::tuple(20, asked.from, child_, asked.id)));
    }
    if (one.told.find("exit") != std::string::npos) {
      EXPECT_EQ(Next(peer),
                MakeTerm(std::tuple(3, asked.from, child_, Atom("gone"))));
    }
    ExpectNothingElse(peer);
    peer.Close();
    EXPECT_TRUE(LosesConnectionTo("cpp@localhost"));
  }
}

// What the reply says is a link, whatever was asked for: the end of the child
// is that of the one that asked.
TEST_P(SpawnSignalsTest, RepliesLinkAlike) {
  for (const bool link : {false, true}) {
    for (const bool linked : {false, true}) {
      SCOPED_TRACE(absl::StrCat(link, linked));
      RawPeer peer = Connect();
      const Asked asked =
          LetItAsk(peer, {.link = link, .monitor = false, .group_leader = {}},
                   /*dies=*/false);
      peer.Send(DataPacket(Signal(
          std::tuple(31, asked.id, asked.from, linked ? 1 : 0, child_))));
      peer.Send(
          DataPacket(Signal(std::tuple(19, own_, asked.from, reference_))));
      peer.Send(
          DataPacket(Signal(std::tuple(3, child_, asked.from, Atom("crash")))));
      if (linked) {
        EXPECT_EQ(Next(peer), MakeTerm(std::tuple(21, asked.from, own_,
                                                  reference_, Atom("crash"))));
      }
      ExpectNothingElse(peer);
      peer.Close();
      EXPECT_TRUE(LosesConnectionTo("cpp@localhost"));
    }
  }
}

TEST_P(SpawnSignalsTest, RepliesToNobodyAreAnsweredAlike) {
  const auto reply = [](const auto& id, const auto& to, int flags,
                        const auto& result) {
    return Signal(std::tuple(31, id, to, flags, result));
  };
  const std::vector<Row> rows = {
      {"an error", reply(its_reference_, its_, 0, Atom("notsup"))},
      {"a process", reply(its_reference_, its_, 0, own_)},
      {"a monitored one", reply(its_reference_, its_, 2, own_),
       Signal(std::tuple(20, its_, own_, its_reference_))},
      {"to an earlier life", reply(its_reference_, its_old_, 2, own_)},
      {"for an earlier life", reply(its_old_reference_, its_, 2, own_)},
  };
  ExpectAnswers(rows);
}

TEST_P(SpawnSignalsTest, RepliesWithoutSenseEndTheConnectionAlike) {
  const auto reply = [](const auto& id, const auto& to, auto flags,
                        const auto& result) {
    return Signal(std::tuple(31, id, to, flags, result));
  };
  const std::vector<Row> rows = {
      {"a process of the node", reply(its_reference_, its_, 0, its_)},
      {"a result that is none", reply(its_reference_, its_, 0, 1)},
      {"flags that are none", reply(its_reference_, its_, Atom("x"), own_)},
      {"flags beyond 27 bits", reply(its_reference_, its_, 1 << 27, own_)},
      {"to a third node", reply(its_reference_, third_, 0, own_)},
      {"an id of the peer", reply(reference_, its_, 0, own_)},
  };
  ExpectCloses(rows);
}

}  // namespace
}  // namespace ringdist
