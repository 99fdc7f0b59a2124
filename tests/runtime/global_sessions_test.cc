// How a visible node puts its names together with others', which the test
// plays. What real nodes make of it is in tests/interop/visible_node_test.cc.

#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/testing/global_member.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using Session = GlobalMember::Session;

class GlobalSessionsTest : public GlobalMembersTest {
 protected:
  static Term Insert(const Term& name, const Pid& pid) {
    return MakeTerm(
        std::tuple(Atom("insert"), std::tuple(name, pid, Atom("method"))));
  }
  static std::tuple<Term, Pid, Term> Named(const Term& name, const Pid& pid) {
    return {name, pid, MakeTerm(Atom("method"))};
  }

  const Term x_ = MakeTerm(Atom("x"));
};

TEST_F(GlobalSessionsTest, TakesPartInASession) {
  Start();
  auto b = Member("b@localhost");
  Session session;
  session.names = {Named(x_, b->pid())};
  EXPECT_TRUE(b->Joins(session));
  EXPECT_THAT(session.their_names, IsEmpty());
  EXPECT_THAT(session.their_operations, IsEmpty());
  EXPECT_EQ(ToText(session.their_known), "[]");
  EXPECT_TRUE(b->IsQuiet());
  // Who comes next learns that name, and that node, which learns of it.
  auto c = Member("c@localhost");
  session = {};
  EXPECT_TRUE(c->Joins(session));
  EXPECT_THAT(session.their_names, ElementsAre(Named(x_, b->pid())));
  EXPECT_EQ(ToText(session.their_known), "[{b@localhost,8}]");
  Term lock;
  EXPECT_TRUE(
      Matches(b->NextTerm(),
              std::tuple(Atom("new_nodes"), Atom(kOurNode), Nil(), Nil(),
                         std::vector{std::pair(c->name(), 8)},
                         List(std::tuple(std::tuple(Atom("vsn"), 8),
                                         std::tuple(Atom("lock"), &lock))))));
  EXPECT_TRUE(Matches(lock, std::tuple(Atom("global"), Any())));
  EXPECT_THAT(b->TakeLockCalls(), ElementsAre("set_lock", "del_lock"));
  EXPECT_TRUE(b->IsQuiet());
  EXPECT_TRUE(c->IsQuiet());
}

TEST_F(GlobalSessionsTest, LocksFirstIfTheOtherDoesNot) {
  Start();
  auto b = Member("b@localhost");
  const int64_t tag = b->BeginsSession(5);
  EXPECT_EQ(b->Next(),
            absl::StrCat("{init_connect_ack,m@localhost,5,", tag, "}"));
  Pid locker;
  EXPECT_TRUE(Matches(b->NextTerm(),
                      std::tuple(Atom("lock_set"), &locker, true, Nil(), 5)));
  EXPECT_EQ(locker.node, kOurNode);
  EXPECT_THAT(b->TakeLockCalls(), ElementsAre("set_lock"));
  // The other's part is locked by somebody.
  b->Cast(std::tuple(Atom("lock_set"), b->pid(), false, Nil(), tag));
  // So it tries again.
  EXPECT_TRUE(Matches(b->NextTerm(),
                      std::tuple(Atom("lock_set"), locker, true, Nil(), 5)));
  EXPECT_THAT(b->TakeLockCalls(), ElementsAre("del_lock", "set_lock"));
  b->Cast(std::tuple(Atom("lock_set"), b->pid(), true, Nil(), tag));
  EXPECT_EQ(b->Next(), "{exchange,m@localhost,[],[],5}");
}

TEST_F(GlobalSessionsTest, IsRefusedALockAndTriesAgain) {
  Start();
  auto b = Member("b@localhost");
  b->grants = false;
  const int64_t tag = b->BeginsSession(5);
  EXPECT_NE(b->Next(), "none");
  std::vector<std::string> calls;
  ASSERT_TRUE(Wait([&] {
    for (std::string& call : b->TakeLockCalls()) calls.push_back(call);
    return calls.size() == 2;
  }));
  EXPECT_THAT(calls, ElementsAre("set_lock", "set_lock"));
  EXPECT_TRUE(b->IsQuiet());
  b->grants = true;
  EXPECT_THAT(b->Next(), HasSubstr("lock_set"));
  b->Cast(std::tuple(Atom("lock_set"), b->pid(), true, Nil(), tag));
  EXPECT_EQ(b->Next(), "{exchange,m@localhost,[],[],5}");
}

TEST_F(GlobalSessionsTest, RefusesToLockWhatIsLocked) {
  Start();
  auto b = Member("b@localhost");
  auto c = Member("c@localhost");
  const int64_t tag = b->BeginsSession(5);
  EXPECT_NE(b->Next(), "none");
  EXPECT_THAT(c->Next(), HasSubstr("init_connect"));
  EXPECT_EQ(c->Call(SetLock("global", "c")), "{answer,true}");
  const auto asks = std::tuple(Atom("lock_set"), b->pid(), true, Nil(), tag);
  b->Cast(asks);
  EXPECT_TRUE(Matches(b->NextTerm(),
                      std::tuple(Atom("lock_set"), Any(), false, Nil(), 5)));
  EXPECT_EQ(c->Call(DelLock("global", "c")), "{answer,true}");
  b->Cast(asks);
  EXPECT_TRUE(Matches(b->NextTerm(),
                      std::tuple(Atom("lock_set"), Any(), true, Nil(), 5)));
  // And now that it is: somebody else must wait.
  EXPECT_EQ(c->Call(SetLock("global", "c")), "{answer,false}");
}

TEST_F(GlobalSessionsTest, BeginsAgainWhenTheSidesMeanDifferentSessions) {
  Start();
  auto b = Member("b@localhost");
  const int64_t first = b->BeginsSession(5);
  EXPECT_NE(b->Next(), "none");
  // Another one from there, as if this side's had never come.
  b->Cast(std::tuple(Atom("init_connect"), std::tuple(8, 6), b->name(),
                     std::tuple(Atom("locker"), Nil(), Nil(), b->pid())));
  EXPECT_EQ(b->Next(), "{cancel_connect,m@localhost,6}");
  int64_t second = 0;
  EXPECT_TRUE(Matches(
      b->NextTerm(),
      std::tuple(Atom("init_connect"), std::tuple(8, &second), Any(), Any())));
  EXPECT_NE(second, first);
  EXPECT_EQ(b->Next(),
            absl::StrCat("{init_connect_ack,m@localhost,6,", second, "}"));
  // A confirmation of another one.
  b->Send(std::tuple(Atom("init_connect_ack"), b->name(), first, 6));
  EXPECT_EQ(b->Next(), "{cancel_connect,m@localhost,6}");
  const int64_t third = b->BeginsSession(7);
  EXPECT_EQ(b->Next(),
            absl::StrCat("{init_connect_ack,m@localhost,7,", third, "}"));
  // What belongs to none is ignored.
  b->Send(std::tuple(Atom("cancel_connect"), b->name(), first));
  b->Cast(std::tuple(Atom("lock_set"), b->pid(), true, Nil(), second));
  b->Cast(std::tuple(Atom("exchange"), b->name(), Nil(), Nil(), first));
  EXPECT_TRUE(b->IsQuiet());
  b->Send(std::tuple(Atom("cancel_connect"), b->name(), third));
  EXPECT_TRUE(b->Joins());
}

TEST_F(GlobalSessionsTest, ASessionEndsWhenAThirdNodeHasTheNames) {
  Start();
  auto b = JoinedMember("b@localhost");
  auto c = Member("c@localhost");
  EXPECT_THAT(c->Next(), HasSubstr("init_connect"));
  b->Cast(std::tuple(Atom("new_nodes"), b->name(), List(std::tuple<>()), Nil(),
                     std::vector{std::pair(c->name(), 8)}, Nil()));
  EXPECT_EQ(c->Next(), "{in_sync,m@localhost,true}");
  c->Cast(std::tuple(Atom("in_sync"), c->name(), true));
  c->Cast(std::tuple(Atom("init_connect"), std::tuple(8, 6), c->name(),
                     std::tuple(Atom("locker"), Nil(), Nil(), c->pid())));
  EXPECT_TRUE(c->IsQuiet());
}

TEST_F(GlobalSessionsTest, SpeaksVersion6And7) {
  Start();
  auto b = Member("b@localhost");
  Session session{.version = 6};
  EXPECT_TRUE(b->Joins(session));
  auto c = Member("c@localhost");
  session = {.version = 7};
  EXPECT_TRUE(c->Joins(session));
  EXPECT_EQ(ToText(session.their_known), "[{b@localhost,6}]");
  EXPECT_THAT(b->Next(), HasSubstr("[c@localhost]")) << "as new_nodes had them";
  auto d = Member("d@localhost");
  session = {.version = 6};
  EXPECT_TRUE(d->Joins(session));
  EXPECT_EQ(ToText(session.their_known), "[b@localhost,c@localhost]");
  EXPECT_THAT(b->Next(), HasSubstr("[d@localhost]"));
  EXPECT_THAT(c->Next(), HasSubstr("[{d@localhost,6}]"));
  // Losses are told from version 7 on.
  ASSERT_TRUE(ours_->Disconnect(NameOf("d@localhost")).ok());
  EXPECT_THAT(c->Next(), HasSubstr("lost_connection,m@localhost"));
  EXPECT_TRUE(b->IsQuiet());
}

TEST_F(GlobalSessionsTest, HasNoSessionInOlderVersions) {
  Start();
  auto b = Member("b@localhost");
  EXPECT_NE(b->BeginsSession(1, /*version=*/5), 0);
  EXPECT_TRUE(b->IsQuiet());
  EXPECT_THAT(log_, HasSubstr("b@localhost speaks version 5 of global"));
}

// Names.

TEST_F(GlobalSessionsTest, KeepsNamesAsLongAsTheirProcessesLive) {
  Start();
  auto b = JoinedMember("b@localhost");
  const Pid mortal = b->node().Spawn([](Process&, const TermView&) {});
  const auto named = [&](absl::string_view name, const Pid& pid) {
    return std::tuple(Atom("register"), Atom(name), pid, Atom("method"));
  };
  EXPECT_EQ(b->Call(SetLock("global", "b")), "{answer,true}");
  EXPECT_EQ(b->Call(named("mortal", mortal)), "{answer,yes}");
  EXPECT_EQ(b->Call(named("taken_back", b->pid())), "{answer,yes}");
  EXPECT_EQ(b->Call(named("stays", b->pid())), "{answer,yes}");
  EXPECT_EQ(b->Call(std::tuple(Atom("register_ext"), Atom("foreign"),
                               ours_->WhereIs("rex").pid(), Atom("method"),
                               b->name())),
            "{answer,yes}");
  EXPECT_EQ(b->Call(std::tuple(Atom("unregister"), Atom("taken_back"))),
            "{answer,ok}");
  EXPECT_EQ(b->Call(DelLock("global", "b")), "{answer,true}");
  b->node().Exit(mortal, MakeTerm(Atom("kill")));
  EXPECT_TRUE(b->IsQuiet());  // The monitor has fired.
  auto c = Member("c@localhost");
  Session session;
  EXPECT_TRUE(c->Joins(session));
  EXPECT_THAT(session.their_names,
              UnorderedElementsAre(Named(MakeTerm(Atom("stays")), b->pid()),
                                   Named(MakeTerm(Atom("foreign")),
                                         ours_->WhereIs("rex").pid())));
}

TEST_F(GlobalSessionsTest, TakesNoNameWithoutTheLock) {
  Start();
  auto b = JoinedMember("b@localhost");
  auto c = JoinedMember("c@localhost");
  EXPECT_THAT(b->Next(), HasSubstr("new_nodes"));
  EXPECT_EQ(c->Call(SetLock("global", "c")), "{answer,true}");
  const auto registers =
      std::tuple(Atom("register"), x_, b->pid(), Atom("method"));
  EXPECT_EQ(b->Call(registers), "{answer,yes}");
  b->Cast(std::tuple(Atom("new_nodes"), b->name(),
                     std::vector{Insert(MakeTerm(Atom("y")), b->pid())}, Nil(),
                     Nil(), Nil()));
  EXPECT_EQ(c->Call(DelLock("global", "c")), "{answer,true}");
  auto d = Member("d@localhost");
  Session session;
  EXPECT_TRUE(d->Joins(session));
  EXPECT_THAT(session.their_names, IsEmpty());
}

TEST_F(GlobalSessionsTest, HasConflictsSolvedWhereTheNameIs) {
  Start();
  auto b = JoinedMember("b@localhost");
  std::vector<std::string> asked;
  const auto solve = [&](const Term&, const Term& name, const Pid& his,
                         const Pid& ours) -> Term {
    asked.push_back(ToText(name));
    if (name == MakeTerm(1)) return MakeTerm(his);
    if (name == MakeTerm(2)) return MakeTerm(ours);
    return MakeTerm(Atom("none"));
  };
  ASSERT_TRUE(
      b->node().Export("global", "resolve_it", std::function(solve)).ok());
  EXPECT_EQ(b->Call(SetLock("global", "b")), "{answer,true}");
  for (int name = 1; name <= 3; ++name) {
    EXPECT_EQ(
        b->Call(std::tuple(Atom("register"), name, b->pid(), Atom("method"))),
        "{answer,yes}");
  }
  // Whose node is gone, or does not know how: the new one has it.
  EXPECT_EQ(b->Call(std::tuple(Atom("register"), 4, ours_->WhereIs("rex").pid(),
                               Atom("method"))),
            "{answer,yes}");
  EXPECT_EQ(b->Call(DelLock("global", "b")), "{answer,true}");
  auto z = Member("z@localhost");
  Session session;
  for (int name = 1; name <= 4; ++name) {
    session.names.push_back(Named(MakeTerm(name), z->pid()));
  }
  EXPECT_TRUE(z->Joins(session));
  EXPECT_THAT(asked, UnorderedElementsAre("1", "2", "3"));
  const Term erase = MakeTerm(std::tuple(Atom("delete"), 3));
  EXPECT_THAT(session.their_operations,
              UnorderedElementsAre(Insert(MakeTerm(2), b->pid()), erase));
  Term operations;
  EXPECT_TRUE(Matches(
      b->NextTerm(),
      std::tuple(Atom("new_nodes"), Any(), &operations, Any(), Any(), Any())));
  EXPECT_THAT(*ReadValue<std::vector<Term>>(operations),
              UnorderedElementsAre(Insert(MakeTerm(1), z->pid()),
                                   Insert(MakeTerm(4), z->pid()), erase));
}

TEST_F(GlobalSessionsTest, LeavesConflictsToTheOneWithTheLesserName) {
  Start();
  auto b = Member("b@localhost");
  Session session;
  session.names = {Named(x_, b->pid())};
  EXPECT_TRUE(b->Joins(session));
  auto c = Member("c@localhost");
  session = {};
  session.names = {Named(x_, c->pid())};
  session.operations = {Insert(x_, c->pid())};
  EXPECT_TRUE(c->Joins(session));
  EXPECT_THAT(session.their_operations, IsEmpty());
  auto d = Member("d@localhost");
  session = {};
  EXPECT_TRUE(d->Joins(session));
  EXPECT_THAT(session.their_names, ElementsAre(Named(x_, c->pid())));
}

}  // namespace
}  // namespace ringdist
