#include "ringdist/runtime/testing/process_harness.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace ringdist {
namespace {

template <typename T>
T ValueOrDie(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::fprintf(stderr, "ProcessHarness: %s\n",
               value.status().ToString().c_str());
  std::abort();
}

NodeOptions WithDefaults(NodeOptions options) {
  if (options.distribution.name.empty()) {
    options.distribution.name = "test@localhost";
  }
  if (options.distribution.cookie.empty()) options.distribution.cookie = "test";
  return options;
}

}  // namespace

ProcessHarness::ProcessHarness(NodeOptions options)
    : reactor_(ValueOrDie(Reactor::Create())),
      node_(ValueOrDie(
          Node::Create(*reactor_, WithDefaults(std::move(options))))) {
  ProcessOptions probe;
  probe.trap_exits = true;
  pid_ = node_->Spawn(
      [this](Process&, const TermView& message) {
        received_.emplace_back(message);
      },
      std::move(probe));
  probe_ = node_->Find(pid_);
}

Term ProcessHarness::Await(absl::Duration timeout) {
  const absl::Time deadline = reactor_->Now() + timeout;
  while (received_.empty()) {
    const absl::Duration left = deadline - reactor_->Now();
    if (left <= absl::ZeroDuration() || !reactor_->RunOnce(left).ok()) {
      return Term();
    }
  }
  Term first = std::move(received_.front());
  received_.pop_front();
  return first;
}

void ProcessHarness::RunUntilIdle() {
  // Prepare does what is ready, and tells whether there is more by now.
  for (auto more = reactor_->Prepare(); more.ok() && *more;
       more = reactor_->Prepare()) {
    if (!reactor_->RunOnce(absl::ZeroDuration()).ok()) return;
  }
}

}  // namespace ringdist
