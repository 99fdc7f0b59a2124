// The Erlang module ringdist_load in a node that a load is sent to: loaded into
// its memory, started, and removed at the end. Nothing of ours is left behind.
//
//   const auto call = [&](absl::string_view module, absl::string_view function,
//                         const Term& arguments) {...};
//   absl::StatusOr<bool> is_ours = StartLoadModule(call, spec);
//   ...
//   if (*is_ours) RemoveLoadModule(call);
//
// How functions of the node are called is the caller's matter: by erpc, through
// a node's rex, or in the node itself.

#ifndef RINGDIST_BENCH_PEERS_LOAD_MODULE_H_
#define RINGDIST_BENCH_PEERS_LOAD_MODULE_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/peers/erlang_node.h"
#include "ringdist/proto/term.h"

namespace ringdist {

// Calls Module:Function(Arguments...), of a list of arguments, and returns what
// it returned. What it raised is an error.
using CallFunction = absl::FunctionRef<absl::StatusOr<Term>(
    absl::string_view module, absl::string_view function,
    const Term& arguments)>;

// Calls a function in a node that we have started.
absl::StatusOr<Term> CallIn(ErlangNode& node, absl::string_view module,
                            absl::string_view function, const Term& arguments);

// Makes the node take the load of `spec`: `dist_load` is registered then. False
// if it does already, as our own servers do: there is nothing to remove.
absl::StatusOr<bool> StartLoadModule(CallFunction call, const LoadSpec& spec);

// Ends `dist_load` and removes the module.
absl::Status RemoveLoadModule(CallFunction call);

// Loads what generates a load into a node, and what that needs.
absl::Status LoadClientModules(CallFunction call);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_LOAD_MODULE_H_
