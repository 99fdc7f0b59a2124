// Exports: the functions of this node that other nodes may call, with
// erpc:call, rpc:call, spawn_request and whatever else ends in a call.
//
//   node->Export("math", "add", [](int64_t a, int64_t b) { return a + b; });
//   node->Export("math", "div", [](int64_t a, int64_t b)
//       -> absl::StatusOr<int64_t> {
//     if (b == 0) return absl::InvalidArgumentError("division by zero");
//     return a / b;
//   });
//   node->Export("kv", "get", 1, [&](IncomingCall call,
//                                    const TermView& arguments) { ... });
//
// Typed: the arguments are read as the parameters' types say
// (term_convert.h), and the result written likewise. What is no such value is
// error:badarg, and the stack tells which argument, what was expected and what
// found: [{math, add, [1, x], [{error_info, #{cause => <<"argument 2:
// ...">>}}]}]. A status that is not OK is error:{Code, Message}, such as
// {invalid_argument, <<"division by zero">>}. Parameters that are views are
// valid until the function returns.
//
// Raw: the function is given the list of arguments as it came, and an
// IncomingCall (incoming_call.h) to answer now or later.
//
// On the reactor's thread: what takes long holds up everything else. Take it to
// a thread of your own and answer with Reactor::Post. Internal to
// //runtime:node but for TypedFunction and the types it speaks of.

#ifndef RINGDIST_RUNTIME_EXPORTS_H_
#define RINGDIST_RUNTIME_EXPORTS_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/incoming_call.h"
#include "ringdist/runtime/process.h"

namespace ringdist {

// `arguments` is a proper list of as many elements as the function was exported
// with, valid until this returns.
using ExportedFunction =
    absl::AnyInvocable<void(IncomingCall call, const TermView& arguments)>;

class Exports {
 public:
  // Whether who is calling right now may call "module:function/arity".
  using MayCall = absl::AnyInvocable<bool(absl::string_view function)>;
  explicit Exports(MayCall may_call);

  // InvalidArgument: no atoms, or an arity beyond 255. AlreadyExists.
  absl::Status Add(absl::string_view module, absl::string_view function,
                   size_t arity, ExportedFunction run);
  // NotFound. Calls that are under way go on.
  absl::Status Remove(absl::string_view module, absl::string_view function,
                      size_t arity);

  // Runs what a spawn request asks for in `self`, the process that was made for
  // it: erpc:execute_call/4 and erpc:execute_cast/3, which are how erpc and rpc
  // call, or an exported function itself.
  void RunSpawned(Process self, const control::SpawnRequest& request);
  // Runs a function for a call that came in another way (rex.h). What stands
  // for no function, or for none that the caller may call, is answered as an
  // Erlang node answers it.
  void Run(Process self, Caller caller, IncomingCall::Answer answer,
           const TermView& module, const TermView& function,
           const TermView& arguments);

 private:
  struct Exported {
    std::shared_ptr<const FunctionName> name;
    ExportedFunction run;
  };

  MayCall may_call_;
  // Lives as long as the node, which calls that are not answered look at.
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>();
  // By "module:function/arity". Shared with what runs, which may remove itself.
  absl::flat_hash_map<std::string, std::shared_ptr<Exported>> functions_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_EXPORTS_H_
