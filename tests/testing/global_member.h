// GlobalMember: a visible node whose global_name_server is played by a test,
// which says what it likes and sees what it is told.
//
// GlobalMembersTest: a visible node of ours, m@localhost, among such.
//
//   class LossTest : public GlobalMembersTest {};
//   TEST_F(LossTest, ...) {
//     Start();
//     auto b = JoinedMember("b@localhost");         // A whole session.
//     b->Send(std::tuple(Atom("remove_connection"), b->name()));
//     EXPECT_EQ(b->Next(), "{...}");

#ifndef RINGDIST_TESTS_TESTING_GLOBAL_MEMBER_H_
#define RINGDIST_TESTS_TESTING_GLOBAL_MEMBER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/node_options.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {

class GlobalMember {
 public:
  using Names = std::vector<std::tuple<Term, Pid, Term>>;

  // What it tells in a session; and what it was told.
  struct Session {
    int64_t version = 8;
    Names names = {};
    std::vector<Term> operations = {};
    Term known = MakeTerm(Nil());
    // {exchange, ...}, {resolved, ...}.
    Names their_names = {};
    std::vector<Term> their_operations = {};
    Term their_known = {};
  };

  GlobalMember(Reactor& reactor, const TemporaryDirectory& directory,
               absl::string_view name);

  // Connects to the node that is tested; waits until it is.
  [[nodiscard]] bool Connect(Node& ours);
  // Puts its names together with that node's, being the one that locks first.
  ::testing::AssertionResult Joins(Session& session);
  ::testing::AssertionResult Joins() {
    Session session;
    return Joins(session);
  }
  // The first part of it: takes init_connect, and sends its own. The tag is
  // that of the other side's session; 0 if it began none.
  int64_t BeginsSession(int64_t my_tag, int64_t version = 8);

  // To the node's global_name_server: a message, a cast; a call, and its
  // answer.
  template <typename Message>
  void Send(const Message& message) {
    (void)process_.Send(NameAt{"global_name_server", ours_}, message);
  }
  template <typename Message>
  void Cast(const Message& message) {
    Send(std::tuple(Atom("$gen_cast"), message));
  }
  template <typename Request>
  std::string Call(const Request& request) {
    Send(std::tuple(Atom("$gen_call"), std::tuple(pid(), Atom("answer")),
                    request));
    return Next();
  }

  // The next that it was sent, but for calls; a cast is what it holds. Waits
  // for it; "none" if there is none.
  std::string Next();
  Term NextTerm();
  // Whether nothing has come that was not asked for, of all that the node has
  // sent by now.
  [[nodiscard]] bool IsQuiet();

  // Whether it gives locks: they are asked for by calls.
  bool grants = true;
  // "set_lock", "del_lock": those that it was asked for, since the last time.
  std::vector<std::string> TakeLockCalls() { return std::move(lock_calls_); }

  Node& node() { return *node_; }
  const Pid& pid() const { return pid_; }
  Atom name() const { return Atom(pid_.node); }

 private:
  void OnMessage(Process& self, const TermView& message);

  Reactor& reactor_;
  std::unique_ptr<Node> node_;
  Pid pid_;
  Process process_;
  std::string ours_;
  std::deque<Term> received_;
  std::vector<std::string> lock_calls_;
};

inline constexpr absl::string_view kOurNode = "m@localhost";

class GlobalMembersTest : public ::testing::Test {
 protected:
  // Our node, which listens; `options` may say all but its name.
  void Start(NodeOptions options = {});

  // One that is connected; and that has put its names together with ours.
  std::unique_ptr<GlobalMember> Member(absl::string_view name);
  std::unique_ptr<GlobalMember> JoinedMember(absl::string_view name);
  bool Wait(absl::FunctionRef<bool()> done);
  // Whether our node is connected to it.
  bool IsUp(absl::string_view name);

  // Requests for a lock on a resource, in the name of a requester.
  static auto SetLock(absl::string_view resource, absl::string_view requester) {
    return std::tuple(Atom("set_lock"),
                      std::tuple(Atom(resource), Atom(requester)));
  }
  static auto DelLock(absl::string_view resource, absl::string_view requester) {
    return std::tuple(Atom("del_lock"),
                      std::tuple(Atom(resource), Atom(requester)));
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
  std::string log_;  // Of our node.
  std::unique_ptr<Node> ours_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_GLOBAL_MEMBER_H_
