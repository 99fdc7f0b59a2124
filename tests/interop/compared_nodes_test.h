// ComparedNodesTest: the same, asked of our node and of a real one, which are
// to give the same.
//
//   class CalledFunctionsTest : public ComparedNodesTest {};
//
//   TEST_F(CalledFunctionsTest, ErpcCallGivesWhatARealNodeGives) {
//     ExpectSame("erpc:call(Node, m, add, [1, 2])");
//   }

#ifndef RINGDIST_TESTS_INTEROP_COMPARED_NODES_TEST_H_
#define RINGDIST_TESTS_INTEROP_COMPARED_NODES_TEST_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/scenario_test.h"
#include "ringdist/tests/testing/erlang_node.h"

namespace ringdist {

class ComparedNodesTest : public ScenarioTest {
 protected:
  // Our node, cpp@localhost, exports the functions of m.erl; the other,
  // other@localhost, has the module, as erl@localhost, which asks, has.
  void SetUp() override;
  // The same again, with options for our node.
  void Start(const NodeOptions& options);
  // gen_servers named s1 to s9 at our node and the other one: what gs.erl does.
  void StartServers();

  // The value of an expression, `Node` being the name of a node: pids,
  // references, names of nodes and places in files made alike. An exception is
  // {caught, Class, Reason}.
  std::string Of(absl::string_view node, absl::string_view expression);
  // That our node gives what the other real node gives.
  void ExpectSame(absl::string_view expression);
  // What Of would make of the value of an expression.
  std::string Normal(absl::string_view expression);

  std::unique_ptr<ErlangNode> other_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_INTEROP_COMPARED_NODES_TEST_H_
