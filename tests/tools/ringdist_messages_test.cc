// Messages between the program and real Erlang nodes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "ringdist/tests/testing/child_process.h"
#include "ringdist/tests/tools/erlang_command_fixture.h"
#include "ringdist/tests/tools/ringdist_command.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Terms of every kind, in Erlang.
constexpr char kTerms[] =
    "[atom, '', 'an Atom', 1, -1, 255, 256, 1 bsl 40, -(1 bsl 63), 1 bsl 500, "
    "1.5, -0.0, \"string\", [1|2], [], {}, {a, {b}}, #{}, #{a => 1, {x} => "
    "[2]}, <<>>, <<\"binary\">>, <<5:3>>, self(), make_ref(), fun lists:map/2, "
    "lists:seq(1, 1000), [[[[deep]]]], {'\xc3\xa4\xc3\xb6', \"\xc5\x84\"}]";

class RingdistMessagesTest : public ErlangCommandTest {
 protected:
  // Whether echo sends each of the terms back as it is.
  std::string EchoAll(const std::string& terms) {
    return Eval(absl::StrCat(
        "(fun() -> Terms = ", terms,
        ", [{echo, cpp@localhost} ! {self(), Term} || Term <- Terms], "
        "Back = [receive Answer -> Answer after 20000 -> timeout end || _ <- "
        "Terms], Back =:= Terms end)()."));
  }
  std::string CapturePath() { return node_->directory() + "/capture"; }
};

TEST_F(RingdistMessagesTest, EchoSendsEveryKindOfTermBack) {
  const auto serve = Serve();
  EXPECT_EQ(EchoAll(kTerms), "true");
  EXPECT_EQ(EchoAll("[lists:duplicate(1000000, x), binary:copy(<<7>>, "
                    "10000000)]"),
            "true");
}

TEST_F(RingdistMessagesTest, EchoDoesSoWithoutEachOptionalFlag) {
  for (const char* flag : {"SEND_SENDER", "EXIT_PAYLOAD", "FRAGMENTS", "ALIAS",
                           "DIST_HDR_ATOM_CACHE", "ALTACT_SIG"}) {
    const auto serve =
        Serve({absl::StrCat("--without=", flag), "--capture=" + CapturePath()});
    EXPECT_EQ(EchoAll(kTerms), "true") << flag;
    EXPECT_EQ(EchoAll("[binary:copy(<<7>>, 1000000)]"), "true") << flag;
    EXPECT_EQ(serve->Stop(SIGTERM), 0);
    EXPECT_EQ(Eval("(fun Wait() -> case nodes(hidden) of [] -> gone; _ -> "
                   "erlang:yield(), Wait() end end)()."),
              "gone");
    const std::string dump = RunRingdist({"dump", CapturePath()}).output;
    const size_t up = dump.find("have in common ");
    ASSERT_NE(up, std::string::npos);
    EXPECT_THAT(dump.substr(up, dump.find('\n', up) - up),
                Not(HasSubstr(flag)));
  }
}

TEST_F(RingdistMessagesTest, EchoLosesNothingOfAFlood) {
  const auto serve = Serve();
  // Several times what may wait for a peer.
  EXPECT_EQ(EchoAll("[{I, binary:copy(<<I>>, 50000)} || I <- lists:seq(1, "
                    "1500)]"),
            "true");
}

TEST_F(RingdistMessagesTest, SinkCounts) {
  const auto serve = Serve();
  Eval("[{sink, cpp@localhost} ! <<I:64>> || I <- lists:seq(1, 1000)].");
  const std::string count =
      "(fun() -> {sink, cpp@localhost} ! {self(), count}, "
      "receive {count, _, _} = Count -> Count after 20000 -> timeout end "
      "end)().";
  EXPECT_EQ(Eval(count), "{count,1000,13000}");  // A tag, a size, 8 bytes.
  EXPECT_EQ(Eval(count), "{count,0,0}");
}

TEST_F(RingdistMessagesTest, TheProcessesAreMonitoredAndLinkedTo) {
  const auto serve = Serve();
  EXPECT_EQ(Eval("process_flag(trap_exit, true), "
                 "Ref = monitor(process, {echo, cpp@localhost}), "
                 "Absent = monitor(process, {nobody, cpp@localhost}), "
                 "receive {'DOWN', Absent, _, _, Why} -> Why "
                 "after 20000 -> timeout end."),
            "noproc");
  serve->Stop(SIGTERM);
  EXPECT_EQ(Eval("receive {'DOWN', Ref, _, _, Reason} -> Reason "
                 "after 20000 -> timeout end."),
            "noconnection");
}

TEST_F(RingdistMessagesTest, SendReachesARegisteredProcess) {
  Eval("register(me, self()).");
  const CommandResult sent = RunToEnd(
      {"send", "srv@localhost", "me", "{hello, \"w\\x{f6}rld\", #{1 => []}}"});
  EXPECT_EQ(sent.exit_status, 0) << sent.output;
  // It is there already.
  EXPECT_EQ(Eval("receive Message -> Message after 0 -> none end."),
            "{hello,\"w\xc3\xb6rld\",#{1 => []}}");
}

TEST_F(RingdistMessagesTest, ALargeMessageIsThereWhenSendEnds) {
  Eval("register(me, self()).");
  const CommandResult sent =
      RunToEnd({"send", "srv@localhost", "me",
                absl::StrCat("<<\"", std::string(120'000, 'x'), "\">>")});
  EXPECT_EQ(sent.exit_status, 0) << sent.output;
  EXPECT_EQ(Eval("receive Large -> byte_size(Large) after 0 -> none end."),
            "120000");
}

TEST_F(RingdistMessagesTest, SendTellsOfANameThatNobodyHas) {
  const CommandResult sent =
      RunToEnd({"send", "srv@localhost", "nobody", "hello"});
  EXPECT_EQ(sent.exit_status, 1);
  EXPECT_EQ(sent.output,
            "ringdist: no process is registered as nobody at srv@localhost\n");
}

TEST_F(RingdistMessagesTest, ACaptureHasTheMessagesOfBothSides) {
  const auto serve = Serve({"--capture=" + CapturePath()});
  // What a real node sends before it is connected is in one piece.
  EXPECT_EQ(Eval("net_adm:ping(cpp@localhost)."), "pong");
  // The atom goes out once; the large term in fragments.
  EXPECT_EQ(EchoAll("[[a_rather_long_atom], [a_rather_long_atom, again], "
                    "{large, binary:copy(<<\"x\">>, 300000)}]"),
            "true");
  EXPECT_EQ(Eval("monitor(process, {nobody, cpp@localhost}), "
                 "receive {'DOWN', _, _, _, Why} -> Why "
                 "after 20000 -> timeout end."),
            "noproc");
  EXPECT_EQ(serve->Stop(SIGTERM), 0);

  const CommandResult dump = RunRingdist({"dump", CapturePath()});
  EXPECT_EQ(dump.exit_status, 0);
  for (const char* line :
       {"#1 <- send_name flags=", "#1 -> challenge flags=",
        "#1 -> up: srv@localhost and cpp@localhost have in common ",
        ",[a_rather_long_atom]}\n", " = [a_rather_long_atom]\n",
        ",[a_rather_long_atom,again]}\n", " = [a_rather_long_atom,again]\n",
        "#1 <- fragment of sequence ", "#1 -> fragment of sequence 1, ",
        ",{large,<<\"xxxxxxxx", " = {large,<<\"xxxxxxxx",
        "#1 <- MONITOR_P from #Pid<srv@localhost.", " to nobody ref #Ref<",
        "#1 -> PAYLOAD_MONITOR_P_EXIT from nobody to #Pid<srv@localhost."}) {
    EXPECT_THAT(dump.output, HasSubstr(line));
  }
}

}  // namespace
}  // namespace ringdist
