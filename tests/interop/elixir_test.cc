// Functions and servers of ours, called from Elixir: what they give is what
// those of another real node give.

#include <cctype>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/compared_nodes_test.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Where Debian's package elixir has it.
constexpr char kElixir[] = "/usr/lib/elixir/lib/elixir/ebin";

class ElixirTest : public ComparedNodesTest {
 protected:
  // The node that asks can run Elixir.
  void SetUp() override {
    ComparedNodesTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(std::filesystem::exists(kElixir))
        << "no " << kElixir << ": install the Debian package elixir "
        << "(tools/setup does)";
    StartServers();
    // Elixir reads standard input as binaries; who evaluates reads lists.
    ASSERT_EQ(Eval("true = code:add_path(\"", kElixir,
                   "\"), {ok, _} = application:ensure_all_started(elixir),"
                   "io:setopts([{binary, false}])."),
              "ok");
  }

  // What inspect gives for the value of an expression, in which `node` is the
  // name of a node; or for what it raised, exited with or threw.
  std::string Of(absl::string_view node, absl::string_view expression) {
    const std::string program = absl::StrCat(
        "inspect(try do (", expression,
        ") rescue error -> {:rescued, error} catch kind, what ->"
        " {kind, what} end, limit: :infinity, printable_limit: :infinity)");
    const std::string value = Eval(
        "binary_to_list(element(1, 'Elixir.Code':"
        "eval_string(",
        Literal(program), ", [{node, ", node, "}]))).");
    return absl::StrReplaceAll(
        value, {{"cpp@localhost", "NODE"}, {"other@localhost", "NODE"}});
  }
  void ExpectSame(absl::string_view expression) {
    const std::string theirs = Of("other@localhost", expression);
    EXPECT_EQ(Of("N", expression), theirs) << expression;
    EXPECT_THAT(theirs, Not(HasSubstr("CompileError"))) << expression;
    EXPECT_THAT(theirs, StartsWith("\"")) << expression;
  }
};

TEST_F(ElixirTest, GenServerCallsGiveWhatARealServerGives) {
  EXPECT_EQ(Of("N", R"(GenServer.call({:s1, node}, {:echo, %{a: [1, "x"]}}))"),
            R"("%{a: [1, \"x\"]}")");
  for (const absl::string_view expression : {
           R"(GenServer.call({:s1, node}, {:echo, [nil, true, 2.5, 'abc']}))",
           R"(GenServer.call({:s1, node}, {:echo, {:ok, "h\u00e9"}}, 5000))",
           R"(GenServer.call({:s1, node}, :keep, 50))",
           R"(GenServer.call({:nobody, node}, :x))",
           R"(GenServer.call({:s2, node}, {:crash, :gone}))",
           R"(GenServer.multi_call([node], :s1, {:echo, 1}))",
           R"(GenServer.stop({:s3, node}))",
           R"(GenServer.stop({:s4, node}, {:shutdown, :x}))",
           R"(GenServer.cast({:s1, node}, {:tell, self(), :x});
              receive do m -> m end)",
           R"(send({:s1, node}, {:tell, self(), :x});
              receive do m -> m end)",
       }) {
    ExpectSame(expression);
  }
}

TEST_F(ElixirTest, CalledFunctionsGiveWhatARealNodeGives) {
  EXPECT_EQ(Of("N", ":erpc.call(node, :m, :add, [1, 2])"), "\"3\"");
  for (const absl::string_view expression : {
           R"(:erpc.call(node, :m, :echo, [%{"k" => {1, nil}}]))",
           R"(:erpc.call(node, :m, :throws, [:x]))",
           R"(:erpc.call(node, :m, :exits, [:x]))",
           R"(try do :erpc.call(node, :m, :errors, [:x]) rescue
              e in ErlangError -> elem(e.original, 1) end)",
           R"(try do :erpc.call(node, :m, :nothing, [1]) rescue
              e in ErlangError -> e.original end)",
           R"(:erpc.call(node, :m, :sleeps, [100_000], 50))",
           R"(:erpc.multicall([node], :m, :add, [1, 2]))",
           R"(:rpc.call(node, :m, :add, [1, 2]))",
           R"({_, ref} = Node.spawn_monitor(node, :m, :exits, [:x]);
              receive do {:DOWN, ^ref, :process, _, why} -> why end)",
           R"(Node.spawn(node, :m, :tells, [self(), :hi]);
              receive do m -> m end)",
           R"(Node.ping(node))",
       }) {
    ExpectSame(expression);
  }
}

// A module as Elixir names them, with strings as it has them.
TEST_F(ElixirTest, AModuleMayBeOneOfElixirs) {
  ASSERT_TRUE(node()
                  .Export("Elixir.Text.Case", "up",
                          [](std::string text) {
                            for (char& c : text)
                              c = static_cast<char>(std::toupper(c));
                            return text;
                          })
                  .ok());
  EXPECT_EQ(Of("N", R"(:erpc.call(node, Text.Case, :up, ["abc"]))"),
            R"("\"ABC\"")");
  EXPECT_THAT(Of("N", R"(:erpc.call(node, Text.Case, :up, [1]))"),
              HasSubstr("argument 1: expected"));
}

}  // namespace
}  // namespace ringdist
