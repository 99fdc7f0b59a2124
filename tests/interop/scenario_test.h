// ScenarioTest: processes of a node of ours and of a real one in one test.
// EitherConnectsTest: the same, done once for each of the two that connects to
// the other. WithoutFlagsTest: the same, without some of the optional flags.
//
//   class LinkTest : public EitherConnectsTest {};
//   INSTANTIATE_TEST_SUITE_P(Connects, LinkTest, EitherConnects(), SideName);
//
//   TEST_P(LinkTest, AnExitEndsTheOtherSide) {
//     Recorder ours = Record();
//     ours->Link(Tester());
//     Eval("exit(", Literal(ours.pid()), ", stop).");
//     EXPECT_EQ(ours.Reason(), "stop");
//     EXPECT_EQ(Eval("element(3, Next())."), "stop");
//   }

#ifndef RINGDIST_TESTS_INTEROP_SCENARIO_TEST_H_
#define RINGDIST_TESTS_INTEROP_SCENARIO_TEST_H_

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/process.h"
#include "ringdist/tests/interop/interop_test.h"
#include "ringdist/tests/testing/erlang_node.h"

namespace ringdist {

// The text of the term that a value is, to compare what was received with.
template <typename Value>
std::string Text(const Value& value) {
  return ToText(MakeTerm(value));
}

// An Erlang expression for the term that a value is: works for pids, too.
template <typename Value>
std::string Literal(const Value& value) {
  const std::string bytes = MakeTerm(value).ToExternal();
  std::string text = "binary_to_term(<<";
  for (size_t i = 0; i < bytes.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ",",
                    static_cast<unsigned char>(bytes[i]));
  }
  return text + ">>)";
}

// A process of ours that keeps what it receives, and the reason of its end.
class Recorder {
 public:
  Recorder(InteropTest& test, Node& node, ProcessOptions options);

  // Its handle, and its pid even when it has ended.
  Process* operator->() { return &process_; }
  const Pid& pid() const { return pid_; }

  // The text of the next message, waiting for it; "none" if none comes.
  std::string Next();
  // The same, as it is; empty if none comes.
  Term NextTerm();
  // What arrived and was not asked for.
  size_t count() const { return kept_->messages.size(); }
  // The text of its exit reason, waiting for its end; "alive" if it lives on.
  std::string Reason();

 private:
  struct Kept {
    std::deque<Term> messages;
    std::string reason;
  };

  InteropTest& test_;
  // Shared with the process, which may live longer.
  std::shared_ptr<Kept> kept_ = std::make_shared<Kept>();
  Pid pid_;
  Process process_;
};

// A process of ours, "echo", that sends Term back to From for {From, Term}: to
// the process or the alias that From is.
absl::Status StartEcho(Node& node);

enum class Side { kErlang, kOurs };

inline auto EitherConnects() {
  return ::testing::Values(Side::kErlang, Side::kOurs);
}
std::string SideName(const ::testing::TestParamInfo<Side>& info);

class ScenarioTest : public InteropTest {
 protected:
  // Both nodes, which know nothing of each other yet.
  void StartNodes(const NodeOptions& options = {});
  // That side connects to the other.
  void Connect(Side side);

  Node& node() { return *node_->operator->(); }
  // A process of ours, with a name if that is not empty.
  Recorder Record(absl::string_view name = "", ProcessOptions options = {});
  Recorder RecordTrapping(absl::string_view name = "");
  // In the process tester@erl, which traps exits. What it may use: N, our
  // node's name; Next(), which waits for a message.
  template <typename... Parts>
  std::string Eval(const Parts&... parts) {
    return EvalRunning(*erlang_, absl::StrCat(parts...));
  }
  // The value of an expression (no full stop), which must be a Value.
  template <typename Value>
  Value EvalTo(absl::string_view expression) {
    const Term term = EvalTerm(expression);
    const absl::StatusOr<Value> value = ReadValue<Value>(term);
    EXPECT_TRUE(value.ok()) << expression << ": " << value.status();
    return value.ok() ? *value : Value();
  }
  Term EvalTerm(absl::string_view expression);
  // Loads a module of this folder at real nodes: "node()", "other@localhost".
  bool LoadModule(absl::string_view module,
                  std::initializer_list<absl::string_view> nodes);
  Pid Tester() { return EvalTo<Pid>("self()"); }

  // Whether everything that was sent to our node by now has arrived there.
  bool ErlangIsHeard() { return Eval("net_adm:ping(N).") == "pong"; }

  std::unique_ptr<ErlangNode> erlang_;
  std::unique_ptr<RecordedNode> node_;
};

class EitherConnectsTest : public ScenarioTest,
                           public ::testing::WithParamInterface<Side> {
 protected:
  // Both nodes, connected.
  void SetUp() override;
};

// The same with flags that our node does not announce: the parameter.
class WithoutFlagsTest : public ScenarioTest,
                         public ::testing::WithParamInterface<uint64_t> {
 protected:
  // Both nodes, connected; ours refuses no message that a test sends, and has
  // an echo.
  void SetUp() override;

  bool atom_cache() const { return (GetParam() & kDflagDistHdrAtomCache) == 0; }
};
std::string WithoutName(const ::testing::TestParamInfo<uint64_t>& info);

}  // namespace ringdist

#endif  // RINGDIST_TESTS_INTEROP_SCENARIO_TEST_H_
