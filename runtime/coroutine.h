// Calls as C++20 coroutines, on the reactor's thread.
//
//   Coroutine Work(Node& node) {
//     const CallResult nodes =
//         co_await CallAsync(node, "srv@localhost", "erlang", "nodes",
//                            std::tuple(), absl::Seconds(5));
//     if (!nodes.ok()) co_return;
//     const CallResult answer = co_await CallServerAsync(
//         node, NameAt{"logger", "srv@localhost"}, Atom("flush"),
//         absl::Seconds(5));
//   }
//
// A Coroutine starts when it is called and runs on by itself; nobody waits for
// it. When the node is destroyed during a call the coroutine is destroyed where
// it stands: its locals' destructors run, and nothing behind the co_await does.
// As with every coroutine, what parameters refer to must outlive it.

#ifndef RINGDIST_RUNTIME_COROUTINE_H_
#define RINGDIST_RUNTIME_COROUTINE_H_

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/runtime/call_result.h"
#include "ringdist/runtime/calls.h"
#include "ringdist/runtime/node.h"

namespace ringdist {

// What a coroutine that nobody waits for returns.
struct Coroutine {
  struct promise_type {  // NOLINT: the language gives these names.
    Coroutine get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

// What is awaited: a call, which starts with co_await.
class [[nodiscard]] CallAwaiter {
 public:
  using Start = absl::AnyInvocable<void(CallCallback done)>;
  explicit CallAwaiter(Start start) : start_(std::move(start)) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) {
    start_(Resume(coroutine, result_));
  }
  CallResult await_resume() { return *std::move(result_); }

 private:
  // Resumes a coroutine with the result, or destroys it if none comes.
  class Resume {
   public:
    Resume(std::coroutine_handle<> coroutine, std::optional<CallResult>& result)
        : coroutine_(coroutine), result_(&result) {}
    Resume(Resume&& other) noexcept
        : coroutine_(std::exchange(other.coroutine_, nullptr)),
          result_(other.result_) {}
    ~Resume() {
      if (coroutine_) coroutine_.destroy();
    }
    void operator()(const CallResult& result) {
      *result_ = result;
      std::exchange(coroutine_, nullptr).resume();
    }

   private:
    std::coroutine_handle<> coroutine_;
    std::optional<CallResult>* result_;  // In the coroutine.
  };

  Start start_;
  std::optional<CallResult> result_;
};

// As Node::Call. The arguments are copied.
template <typename Arguments>
CallAwaiter CallAsync(Node& node, absl::string_view peer,
                      absl::string_view module, absl::string_view function,
                      Arguments arguments, absl::Duration timeout) {
  return CallAwaiter([&node, peer, module, function,
                      arguments = std::move(arguments),
                      timeout](CallCallback done) {
    node.Call(peer, module, function, arguments, timeout, std::move(done));
  });
}

// As Node::CallServer.
template <typename Server, typename Request>
CallAwaiter CallServerAsync(Node& node, Server server, Request request,
                            absl::Duration timeout) {
  return CallAwaiter([&node, server = std::move(server),
                      request = std::move(request),
                      timeout](CallCallback done) {
    node.CallServer(server, request, timeout, std::move(done));
  });
}

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_COROUTINE_H_
