#include "ringdist/bench/peers/target_module.h"

#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/load_nodes.h"
#include "ringdist/bench/peers/load_module.h"
#include "ringdist/proto/term.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {
namespace {

constexpr absl::Duration kCallTime = absl::Seconds(10);

absl::StatusOr<Term> CallOnce(Reactor& reactor, Node& node,
                              const std::string& target,
                              absl::string_view module,
                              absl::string_view function,
                              const Term& arguments) {
  std::optional<CallResult> result;
  node.Call(target, module, function, arguments, kCallTime,
            [&](const CallResult& ended) { result = ended; });
  while (!result.has_value()) {
    const absl::Status turned = reactor.RunOnce(kCallTime);
    if (!turned.ok()) return turned;
  }
  if (result->ok()) return result->value();
  return absl::Status(result->status().code(),
                      absl::StrCat("--target=", target, ": ", module, ":",
                                   function, ": ", result->status().message()));
}

// Runs `body` with calls of the target from a node that is there for that only.
absl::Status WithCalls(const LoadSpec& spec,
                       absl::FunctionRef<absl::Status(CallFunction)> body) {
  absl::StatusOr<std::unique_ptr<Reactor>> reactor = Reactor::Create();
  if (!reactor.ok()) return reactor.status();
  NodeOptions options;
  options.distribution = NodeOptionsOf(
      spec,
      absl::StrCat("load_module_", getpid(), "@", ServerNodeOf(spec).host()));
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create(**reactor, std::move(options));
  if (!node.ok()) return node.status();
  return body([&](absl::string_view module, absl::string_view function,
                  const Term& arguments) {
    return CallOnce(**reactor, **node, spec.target, module, function,
                    arguments);
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<TargetModule>> TargetModule::Load(
    const LoadSpec& spec) {
  bool is_ours = false;
  const absl::Status status = WithCalls(spec, [&](CallFunction call) {
    const absl::StatusOr<bool> started = StartLoadModule(call, spec);
    is_ours = started.value_or(false);
    return started.status();
  });
  if (!status.ok()) return status;
  return std::unique_ptr<TargetModule>(new TargetModule(spec, is_ours));
}

TargetModule::~TargetModule() {
  if (is_ours_) WithCalls(spec_, RemoveLoadModule).IgnoreError();
}

}  // namespace ringdist
