// SignalPolicy: which signals a peer may use, for nodes that do not trust all
// who know their cookie.
//
//   options.policy = [](const PeerInfo& peer) {
//     SignalPolicy policy;
//     policy.exit = false;
//     policy.names = {"net_kernel", "counter"};
//     policy.functions = {"math:add/2"};
//     return policy;
//   };
//
// It is asked for when a connection comes up, and holds as long as that does.
// What is refused is counted (NodeStatistics::signals_refused) and logged, and
// the peer sees what a real node would show it if there were no such process:
// messages and exits are lost, a monitor fires with noproc, a link breaks with
// noproc, a spawn is answered notsup, and a function is undef.
//
// By default everything is allowed. That is less than in Erlang already: only
// what was exported can be called or spawned (exports.h).

#ifndef RINGDIST_RUNTIME_SIGNAL_POLICY_H_
#define RINGDIST_RUNTIME_SIGNAL_POLICY_H_

#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/control_message.h"

namespace ringdist {

struct SignalPolicy {
  // Operations. Taking back what it did, such as unlink, a peer always may.
  // net_adm:ping and gen_server:call need both send and monitor.
  bool send = true;  // To pids, names and aliases; also replies.
  bool link = true;
  bool monitor = true;
  bool exit = true;   // As exit/2. Exits of what is linked always pass.
  bool spawn = true;  // And with that erpc and rpc:call; rex is a name.

  // The only names that it may send to or monitor, if set. Then net_adm:ping
  // needs net_kernel among them, and rpc:block_call and ei_rpc need rex.
  std::optional<absl::flat_hash_set<std::string>> names;
  // The only exported functions that it may call, if set: "module:function/2".
  std::optional<absl::flat_hash_set<std::string>> functions;

  // Whether the peer may send this. What a spawn runs is not looked at here.
  bool Allows(const ControlMessage& signal) const;
  bool AllowsFunction(absl::string_view function) const {
    return !functions.has_value() || functions->contains(function);
  }
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_SIGNAL_POLICY_H_
