#include "ringdist/runtime/call_outcome.h"

#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/tests/testing/call_text.h"

namespace ringdist {
namespace {

constexpr absl::string_view kNode = "srv@localhost";

Term Parse(absl::string_view text) { return ParseTerm(text).value(); }

using Rows = std::vector<std::pair<absl::string_view, absl::string_view>>;

TEST(CallOutcomeTest, ExecutedCallsEndInTheirReason) {
  const Rows rows = {
      {"{7, return, {value, 1}}", "{value,1}"},
      {"{7, return, {erpc, x}}", "{erpc,x}"},
      {"{7, throw, x}", "throw:x"},
      {"{7, exit, x}", "exit:x"},
      {"{7, error, x, [{m, f, 2, []}]}", "error:x in m:f/2"},
      {"{7, error, {erpc, x}, []}", "error:{erpc,x}"},
      {"{7, error, {erpc, badarg}}",
       "INVALID_ARGUMENT: badarg: srv@localhost refuses the call"},
      {"{7, error, {erpc, system_limit}}",
       "RESOURCE_EXHAUSTED: system_limit: srv@localhost has too many "
       "processes"},
      // Ended by a signal, and what only looks like a result.
      {"killed", "exit:{signal,killed}"},
      {"normal", "exit:{signal,normal}"},
      {"{8, return, 1}", "exit:{signal,{8,return,1}}"},
      {"{7, other, 1}", "exit:{signal,{7,other,1}}"},
      {"{7, exit, {erpc, x}}", "exit:{erpc,x}"},
      {"{7, return, {erpc, x}, []}", "exit:{signal,{7,return,{erpc,x},[]}}"},
  };
  for (const auto& [reason, text] : rows) {
    EXPECT_EQ(CallText(ExecutedOutcome(kNode, 7, Parse(reason))), text);
  }
}

TEST(CallOutcomeTest, SpawnErrorsAreStatuses) {
  const Rows rows = {
      {"notsup", "UNIMPLEMENTED: notsup: srv@localhost takes no calls"},
      {"noconnection",
       "UNAVAILABLE: noconnection: srv@localhost: the connection is gone"},
      {"system_limit",
       "RESOURCE_EXHAUSTED: system_limit: srv@localhost has too many "
       "processes"},
      {"badopt", "INVALID_ARGUMENT: badarg: srv@localhost refuses the call"},
  };
  for (const auto& [reason, text] : rows) {
    EXPECT_EQ(CallText(SpawnErrorOutcome(kNode, Parse(reason))), text);
  }
}

TEST(CallOutcomeTest, RexReplies) {
  const Rows rows = {
      {"{value, 1}", "{value,1}"},
      {"{badrpc, nodedown}",
       "UNAVAILABLE: noconnection: srv@localhost: the connection is gone"},
      {"{badrpc, timeout}", "DEADLINE_EXCEEDED: timeout: at srv@localhost"},
      {"{badrpc, {'EXIT', x}}", "exit:x"},
      {"{badrpc, {'EXIT', {x, y}}}", "exit:{x,y}"},
      {"{badrpc, {'EXIT', {undef, [{m, f, [1], []}]}}}",
       "error:undef in m:f/1"},
      {"{badrpc, {'EXIT', {x, []}}}", "error:x"},
  };
  for (const auto& [reply, text] : rows) {
    EXPECT_EQ(CallText(RexOutcome(kNode, Parse(reply))), text);
  }
}

TEST(CallOutcomeTest, ServersThatAreDown) {
  const Rows rows = {
      {"noconnection",
       "UNAVAILABLE: noconnection: srv@localhost: the connection is gone"},
      {"noproc",
       "NOT_FOUND: noproc: there is no such process at srv@localhost"},
      {"{shutdown, x}", "exit:{shutdown,x}"},
  };
  for (const auto& [reason, text] : rows) {
    EXPECT_EQ(CallText(ServerDownOutcome(kNode, Parse(reason))), text);
  }
}

TEST(CallOutcomeTest, WhyNothingWasSent) {
  EXPECT_EQ(CannotConnect(kNode, absl::NotFoundError("no socket")),
            absl::UnavailableError("noconnection: srv@localhost: no socket"));
  EXPECT_EQ(CannotConnect("x", absl::InvalidArgumentError("x: no node")),
            absl::InvalidArgumentError("badarg: x: no node"));
  EXPECT_EQ(CannotSend(kNode, absl::UnavailableError("it is gone")),
            absl::UnavailableError("noconnection: srv@localhost: it is gone"));
  EXPECT_EQ(CannotSend(kNode, absl::ResourceExhaustedError("full")),
            absl::ResourceExhaustedError("system_limit: srv@localhost: full"));
}

}  // namespace
}  // namespace ringdist
