// Calls: functions and servers of other nodes, called from here.
//
//   CallId id = calls.Call("srv@localhost", "lists", "seq", arguments,
//                          absl::Seconds(5), [](const CallResult& result)
//                          {...});
//
// A function is called as erpc:call/5 does: the other node is asked to spawn
// erpc:execute_call/4, whose exit reason carries the result. A node without
// spawn requests is asked through its rex, as rpc:block_call does. A server is
// called as gen_server:call/3 does.
//
// A node that is not connected is connected first. Calls that wait for that, or
// for room in the connection's queue, are made in their order, and are refused
// only if too much waits already. The timeout runs from the call on. As in
// Erlang, a function goes on running when nobody waits for it any more.
// Internal to //runtime:node, which has these calls as its own.

#ifndef RINGDIST_RUNTIME_CALLS_H_
#define RINGDIST_RUNTIME_CALLS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/proto/term_writer.h"
#include "ringdist/runtime/call_result.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/process_table.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

// Names a call that is under way; 0 is none.
using CallId = uint64_t;
// Told once how the call ended, on a later turn than it was made in.
using CallCallback = absl::AnyInvocable<void(const CallResult& result)>;

class Calls {
 public:
  // How the way to a node is just now.
  struct Way {
    bool is_up = false;
    bool has_spawn = false;   // If it is up: it takes spawn requests.
    absl::Status connecting;  // Otherwise: why that is not even tried, or OK.
  };
  // Finds the way to a node, connecting to it if need be.
  using FindWay = absl::AnyInvocable<Way(absl::string_view node)>;

  // `reactor` and `processes` outlive it. `limit_bytes` bounds what waits for
  // one node. `aliases`: this node announces that it knows aliases, so that
  // servers may answer to one.
  Calls(Reactor& reactor, ProcessTable& processes, size_t limit_bytes,
        bool aliases, FindWay find_way);
  ~Calls();

  // Drops what is open: callbacks are destroyed, not called.
  void Clear();

  // Makes the process that calls are made from: again, when the node is
  // somebody else (ProcessTable::SetSelf); what was asked by then fails.
  void BecomeSelf();

  // `arguments` writes a list. A timeout may be infinite.
  CallId Call(absl::string_view node, absl::string_view module,
              absl::string_view function, MessageWriter arguments,
              absl::Duration timeout, CallCallback done);
  CallId CallServer(const NameAt& server, MessageWriter request,
                    absl::Duration timeout, CallCallback done);
  CallId CallServer(const PidView& server, MessageWriter request,
                    absl::Duration timeout, CallCallback done);
  // The call ends as Cancelled, told as any other end; what it started over
  // there goes on. False if it has ended before.
  bool Cancel(CallId call);

  // The connection to `node` came up, or has room again.
  void OnWritable(absl::string_view node);
  // It is gone, or cannot be had.
  void OnLost(absl::string_view node, const absl::Status& reason);

  size_t open() const { return open_.size(); }
  // Whether calls of that node are.
  bool IsOpen(absl::string_view node) const { return nodes_.contains(node); }

 private:
  struct Open;
  struct Waiting;
  // The calls of one node, as long as there are any.
  struct OfNode {
    size_t open = 0;
    std::vector<CallId> waiting;  // In order; some may have ended.
    size_t waiting_bytes = 0;
  };
  enum class Kind {
    kFunction,  // By a spawn request.
    kRex,       // Of a function, by the server rex.
    kServer,
  };
  // What is to be asked: a function or a server. Views.
  struct Request {
    absl::string_view module;
    absl::string_view function;
    std::optional<Destination> server;  // If it is no function.
    MessageWriter body;                 // The arguments, or the request.
  };

  Open& Begin(absl::string_view node, absl::Duration timeout,
              CallCallback done);
  CallId CallServerAt(absl::string_view node, const Destination& server,
                      MessageWriter request, absl::Duration timeout,
                      CallCallback done);
  // Asks now, or when it can be asked.
  void Start(Open& open, const Request& request);
  void Wait(Open& open, const Request& request);
  void StopWaiting(Open& open);
  // ResourceExhausted: it may be tried again when there is room.
  absl::Status Ask(Open& open, const Request& request, bool has_spawn);
  absl::Status AskFunction(Open& open, const Request& request);
  absl::Status AskServer(Open& open, Kind kind, const Destination& server,
                         MessageWriter request);
  void NoteAsked(Open& open, Kind kind, const Reference& reference);
  // False: there is no room for it.
  bool AskWaiting(CallId id, bool has_spawn);
  // What the process that calls are made from is sent.
  void OnMessage(const TermView& message);
  void OnDown(Open& open, const TermView& reason);
  void OnReply(Open& open, const TermView& reply);
  void OnTimeout(Open& open);
  Open* Find(CallId id) const;
  Open* FindAsked(const ReferenceView& reference) const;
  // Waits for nothing any more.
  void Leave(Open& open);
  std::unique_ptr<Open> Remove(Open& open);
  void Finish(Open& open, const CallResult& result);
  // At the end of this turn.
  void FailSoon(Open& open, absl::Status status);
  void OnFailed();

  Reactor& reactor_;
  ProcessTable& processes_;
  const size_t limit_bytes_;
  const bool aliases_;
  FindWay find_way_;
  Process caller_;
  CallId last_id_ = 0;
  absl::flat_hash_map<CallId, std::unique_ptr<Open>> open_;
  absl::flat_hash_map<std::string, OfNode> nodes_;
  // By the reference of the monitor, which is one of this node.
  absl::flat_hash_map<uint64_t, CallId> asked_;
  std::vector<CallId> failed_;
  Task fail_;
};

// The arguments of a call: a std::tuple of them, or whatever else is a list.
template <typename... Values>
void WriteArguments(TermWriter& writer, const std::tuple<Values...>& values) {
  WriteValue(writer, List(values));
}
template <typename Values>
void WriteArguments(TermWriter& writer, const Values& list) {
  WriteValue(writer, list);
}

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_CALLS_H_
