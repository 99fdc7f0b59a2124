#include "ringdist/tests/interop/cluster_test.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {

std::unique_ptr<ErlangNode> ClusterTest::Real(absl::string_view name) {
  return StartErlang({.name = std::string(name), .arguments = arguments_});
}

std::unique_ptr<RecordedNode> ClusterTest::Ours(absl::string_view name,
                                                NodeOptions options) {
  options.distribution.name = std::string(name);
  options.distribution.net_ticktime = absl::Seconds(4);
  options.visible = true;
  auto node = std::make_unique<RecordedNode>(*this, std::move(options));
  EXPECT_TRUE((*node)->Listen().ok());
  return node;
}

void ClusterTest::StartAll(NodeOptions options) {
  ours_ = Ours("cpp@localhost", std::move(options));
  a_ = Real("a@localhost");
  b_ = Real("b@localhost");
  for (ErlangNode* real : {a_.get(), b_.get()}) {
    ASSERT_EQ(Eval(*real, "net_adm:ping(cpp@localhost)."), "pong");
  }
  ASSERT_TRUE(Becomes(*a_, "nodes()", "[b@localhost,cpp@localhost]"));
  ASSERT_TRUE(Becomes(*b_, "nodes()", "[a@localhost,cpp@localhost]"));
  ASSERT_EQ(Eval(*a_, "global:sync()."), "ok");
  ASSERT_EQ(Eval(*b_, "global:sync()."), "ok");
}

::testing::AssertionResult ClusterTest::Becomes(ErlangNode& real,
                                                absl::string_view expression,
                                                absl::string_view value) {
  const std::string last = Eval(
      real, absl::StrCat("(fun Again(N) ->"
                         "  V = ",
                         expression,
                         ","
                         "  S = if is_list(V) -> lists:sort(V); true -> V end,"
                         "  if S =:= ",
                         value,
                         "; N =:= 0 -> S;"
                         "    true -> receive after 10 -> Again(N - 1) end"
                         "  end end)(1000)."));
  if (last == value) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << real.name() << ": " << expression << " is " << last;
}

std::string ClusterTest::Register(ErlangNode& real, absl::string_view name) {
  return Eval(real,
              absl::StrCat("global:register_name(", name,
                           ", spawn(fun() -> receive stop -> ok end end))."));
}

std::string ClusterTest::NodeOf(absl::string_view name) {
  return absl::StrCat("case global:whereis_name(", name,
                      ") of undefined -> none; P -> node(P) end");
}

std::string ClusterTest::NodeAt(RecordedNode& ours, absl::string_view name) {
  return ours->WhereIsGlobal(MakeTerm(Atom(name))).node;
}

std::string ClusterTest::LogOf(ErlangNode& real) {
  EXPECT_EQ(Eval(real, "logger_std_h:filesync(default)."), "ok");
  return real.output();
}

}  // namespace ringdist
