// What answers as rex (OTP: rpc.erl): calls of exported functions from
// rpc:block_call, ei_rpc and nodes without spawn requests. Internal to
// //runtime:node.
//
//   {Pid, {call, M, F, Arguments, GroupLeader}}          -> {rex, Result}
//   {'$gen_call', From, {call | block_call, M, F, ...}}  -> Result
//   {'$gen_cast', {cast, M, F, ...}}
//   {Pid, features_request}                  -> {features_reply, Node, [erpc]}
//   {Pid, {sbcast, Name, Message}}  -> {rex, Node, {nonexisting_name, Name}}
//
// Result is the value; what was thrown; or {badrpc, {'EXIT', Reason}}.
//
// Unlike Erlang's, it goes on while a block_call waits for an answer that comes
// later; and it sends nothing on for rpc:sbcast, but says at once that nobody
// has that name.

#ifndef RINGDIST_RUNTIME_REX_H_
#define RINGDIST_RUNTIME_REX_H_

#include "absl/functional/any_invocable.h"
#include "ringdist/runtime/exports.h"
#include "ringdist/runtime/process.h"

namespace ringdist {

// Makes a process for a call to run in; of nothing if there are too many.
using SpawnForCall = absl::AnyInvocable<Process(DeathHandler on_death)>;

// The handler of the process that is registered as rex; `exports` outlives it.
// It runs functions within the delivery of the message, so that Exports knows
// which peer is calling: the process must not be paused.
MessageHandler Rex(Exports& exports, SpawnForCall spawn);

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_REX_H_
