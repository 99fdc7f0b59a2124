#include "ringdist/runtime/blocking_calls.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"

namespace ringdist {
namespace {

// The same for another thread: it shares nothing with what stays in this one.
// The reference counts of a library that was built without it, as Debian's
// abseil is, are races to the thread sanitizer.
CallResult Separate(const CallResult& result) {
  if (result.ok()) return result;
  if (result.exception() != nullptr) {
    return CallResult::Raised(*result.exception());
  }
  return CallResult::Failed(
      absl::Status(result.status().code(), result.status().message()));
}

// What one thread waits for.
class Outcome {
 public:
  // The first one counts.
  void Set(const CallResult& result) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!result_.has_value()) result_ = Separate(result);
    }
    changed_.notify_one();
  }
  CallResult Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return result_.has_value(); });
    return *std::move(result_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<CallResult> result_;
};

// Sets an outcome: at the latest when it is destroyed.
class Completer {
 public:
  explicit Completer(std::shared_ptr<Outcome> outcome)
      : outcome_(std::move(outcome)) {}
  Completer(Completer&&) = default;
  ~Completer() {
    if (outcome_ == nullptr) return;
    outcome_->Set(CallResult::Failed(
        absl::CancelledError("cancelled: the node is being destroyed")));
  }
  void operator()(const CallResult& result) { outcome_->Set(result); }

 private:
  std::shared_ptr<Outcome> outcome_;
};

}  // namespace

CallResult BlockingCalls::Wait(
    absl::AnyInvocable<void(Node& own, CallCallback done)> start) {
  if (reactor_.IsOwnThread()) {
    return CallResult::Failed(absl::FailedPreconditionError(
        "a blocking call on the reactor's own thread would wait for ever: use "
        "Node::Call there"));
  }
  const auto outcome = std::make_shared<Outcome>();
  reactor_.Post([this, start = std::move(start),
                 completer = Completer(outcome)]() mutable {
    if (!lifetime_.expired()) start(node_, std::move(completer));
  });
  return outcome->Wait();
}

}  // namespace ringdist
