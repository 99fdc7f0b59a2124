#include "ringdist/tests/interop/compared_nodes_test.h"

#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/gen_server.h"

namespace ringdist {
namespace {

// Makes what two nodes give the same: pids, references, and in stacks where in
// a file something is.
constexpr absl::string_view kNormal = R"erl(
    Normal = fun Normal({M, F, A, L}) when is_atom(M), is_atom(F), is_list(L) ->
                   {M, F, Normal(A)};
                 Normal(T) when is_tuple(T) ->
                   list_to_tuple(Normal(tuple_to_list(T)));
                 Normal([H | T]) -> [Normal(H) | Normal(T)];
                 Normal(P) when is_pid(P) -> {pid, node(P) =:= node()};
                 Normal(R) when is_reference(R) -> ref;
                 Normal(cpp@localhost) -> 'NODE';
                 Normal(other@localhost) -> 'NODE';
                 Normal(T) -> T
             end,
)erl";

// What our node exports as m.
void ExportModule(Node& node) {
  absl::Status status;
  const auto add = [&](absl::string_view name, size_t arity,
                       ExportedFunction run) {
    status.Update(node.Export("m", name, arity, std::move(run)));
  };
  status.Update(
      node.Export("m", "add", [](int64_t a, int64_t b) { return a + b; }));
  status.Update(
      node.Export("m", "echo", [](const Term& term) { return term; }));
  add("throws", 1, [](IncomingCall call, const TermView& arguments) {
    TermView reason;
    ASSERT_TRUE(Matches(arguments, List(std::tuple(&reason))));
    call.Throw(reason);
  });
  add("exits", 1, [](IncomingCall call, const TermView& arguments) {
    TermView reason;
    ASSERT_TRUE(Matches(arguments, List(std::tuple(&reason))));
    call.Exit(reason);
  });
  add("errors", 1, [](IncomingCall call, const TermView& arguments) {
    TermView reason;
    ASSERT_TRUE(Matches(arguments, List(std::tuple(&reason))));
    call.Error(reason);
  });
  add("sleeps", 1, [](IncomingCall call, const TermView& arguments) {
    int64_t milliseconds = 0;
    ASSERT_TRUE(Matches(arguments, List(std::tuple(&milliseconds))));
    Process self = call.process();
    self.Await([](const TermView&) { return false; },
               absl::Milliseconds(milliseconds),
               [call = std::move(call)](Process&, const TermView&) mutable {
                 call.Return(Atom("slept"));
               });
  });
  add("tells", 2, [](IncomingCall call, const TermView& arguments) {
    Pid to;
    TermView what;
    ASSERT_TRUE(Matches(arguments, List(std::tuple(&to, &what))));
    EXPECT_TRUE(call.process().Send(to, what).ok());
    call.Return(Atom("told"));
  });
  add("waits", 0, [](IncomingCall call, const TermView&) {
    Process self = call.process();
    self.Await([](const TermView&) { return false; }, absl::InfiniteDuration(),
               [call = std::move(call)](Process&, const TermView&) {});
  });
  ASSERT_TRUE(status.ok()) << status;
}

// gs.erl in C++.
class Server {
 public:
  explicit Server(Node& node) : node_(node) {}

  void HandleCall(Process& self, const TermView& request, ReplyTo caller) {
    TermView term;
    if (Matches(request, std::tuple(Atom("echo"), &term))) {
      Reply(self, caller, term);
    } else if (request.IsAtom("self")) {
      Reply(self, caller, self.pid());
    } else if (request.IsAtom("keep")) {
      kept_.push_back(std::move(caller));
    } else if (request.IsAtom("release")) {
      for (const ReplyTo& kept : kept_) Reply(self, kept, Atom("late"));
      Reply(self, caller, kept_.size());
      kept_.clear();
    } else if (Matches(request, std::tuple(Atom("elsewhere"), &term))) {
      Process other = node_.Find(node_.Spawn([](Process&, const TermView&) {}));
      Reply(other, caller, term);
      other.Exit(MakeTerm(Atom("normal")));
    } else if (Matches(request, std::tuple(Atom("stop"), &term))) {
      Reply(self, caller, Atom("stopped"));
      self.Exit(Term(term));
    } else if (Matches(request, std::tuple(Atom("crash"), &term))) {
      self.Exit(Term(term));
    } else {
      ADD_FAILURE() << ToText(request);
    }
  }

  static void Tell(Process& self, absl::string_view how,
                   const TermView& message) {
    Pid to;
    TermView term;
    ASSERT_TRUE(Matches(message, std::tuple(Atom("tell"), &to, &term)));
    EXPECT_TRUE(self.Send(to, std::tuple(Atom(how), term)).ok());
  }

 private:
  template <typename Value>
  static void Reply(Process& self, const ReplyTo& caller, const Value& value) {
    EXPECT_TRUE(caller.Reply(self, value).ok());
  }

  Node& node_;
  std::vector<ReplyTo> kept_;
};

}  // namespace

void ComparedNodesTest::SetUp() {
  ScenarioTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  Start({});
}

void ComparedNodesTest::Start(const NodeOptions& options) {
  node_.reset();
  erlang_.reset();
  other_.reset();
  StartNodes(options);
  ExportModule(node());
  other_ = StartErlang({.name = "other@localhost"});
  Connect(Side::kErlang);
  ASSERT_TRUE(LoadModule("m", {"node()", "other@localhost"}));
  ASSERT_EQ(Eval(kNormal, "ok."), "ok");
}

void ComparedNodesTest::StartServers() {
  ASSERT_TRUE(LoadModule("gs", {"node()", "other@localhost"}));
  for (int i = 1; i <= 9; ++i) {
    const std::string name = absl::StrCat("s", i);
    const auto server = std::make_shared<Server>(node());
    const Pid pid = node().Spawn(GenServer({
        .handle_call =
            [server](Process& self, const TermView& request, ReplyTo caller) {
              server->HandleCall(self, request, std::move(caller));
            },
        .handle_cast =
            [](Process& self, const TermView& request) {
              Server::Tell(self, "cast", request);
            },
        .handle_info =
            [](Process& self, const TermView& message) {
              Server::Tell(self, "info", message);
            },
    }));
    ASSERT_TRUE(node().Register(name, pid).ok());
    ASSERT_THAT(Eval("erpc:call(other@localhost, gs, start, [", name, "])."),
                testing::StartsWith("{ok,"));
  }
}

std::string ComparedNodesTest::Normal(absl::string_view expression) {
  // What one leaves in the mailbox is not the next one's.
  return Eval(
      "(fun Drain() -> receive _ -> Drain() after 0 -> ok end end)(),"
      "(fun() -> Normal(try ",
      expression, " catch C:R -> {caught, C, R} end) end)().");
}

std::string ComparedNodesTest::Of(absl::string_view node,
                                  absl::string_view expression) {
  return Normal(
      absl::StrCat("(fun(Node) -> ", expression, " end)(", node, ")"));
}

void ComparedNodesTest::ExpectSame(absl::string_view expression) {
  const std::string theirs = Of("other@localhost", expression);
  EXPECT_EQ(Of("cpp@localhost", expression), theirs) << expression;
  // What is wrong with the expression itself is a failure.
  EXPECT_THAT(theirs, testing::Not(testing::HasSubstr("unbound")))
      << expression;
  EXPECT_THAT(theirs, testing::Not(testing::StartsWith("error: ")))
      << expression;
}

}  // namespace ringdist
