// IncomingCall: one call of an exported function that is under way, and the way
// to answer it, at once or later.
//
//   node->Export("jobs", "run", 1, [&](IncomingCall call,
//                                      const TermView& arguments) {
//     workers.Start(Term(arguments), [&, call = std::move(call)](Term result) {
//       reactor->Post([call = std::move(call), result]() mutable {
//         call.Return(result);
//       });
//     });
//   });
//
// The function runs in a process of its own, as in Erlang: it can send, monitor
// and await messages with it, and the process ends with the answer. It may end
// before: by an exit signal from a link, say. Answering does nothing then.
// Whoever drops a call without an answer answers it with error:no_answer.
//
// Answer, and drop, on the reactor's thread; the node may be gone by then.

#ifndef RINGDIST_RUNTIME_INCOMING_CALL_H_
#define RINGDIST_RUNTIME_INCOMING_CALL_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/call_result.h"
#include "ringdist/runtime/process.h"

namespace ringdist {

// Who called, and the group leader that came with the call: where io:format of
// an Erlang function would go.
struct Caller {
  Pid pid;
  Pid group_leader;
};

// What an exported function is called.
struct FunctionName {
  std::string module;
  std::string function;
  size_t arity = 0;
};

// Arguments as a stack shows them: their number if they are very long.
Term ShownArguments(const TermView& arguments, size_t arity);

class IncomingCall {
 public:
  // Takes the outcome to the caller, in whichever way it called: what the
  // function returned, or if that is null what it raised.
  using Answer = absl::AnyInvocable<void(Process& self, MessageWriter* value,
                                         const Exception* raised)>;

  // `node` lives as long as the node.
  IncomingCall(Process self, Caller caller, Answer answer,
               std::shared_ptr<const FunctionName> function,
               std::weak_ptr<const void> node);
  IncomingCall(IncomingCall&& other) noexcept = default;
  IncomingCall& operator=(IncomingCall&& other) noexcept;
  ~IncomingCall();

  // The process that the function runs in.
  Process& process() { return self_; }
  const Caller& caller() const { return caller_; }

  // Ends the call with a value (term_convert.h). An infinite float or NaN in it
  // makes it error:badarith, as the computation would be in Erlang.
  template <typename Value>
  void Return(const Value& value) {
    if (!HasFiniteFloats(value)) return Error(Atom("badarith"));
    ReturnWith([&](TermWriter& writer) { WriteValue(writer, value); });
  }
  void ReturnWith(MessageWriter value);
  // As throw/1, exit/1 and error/1.
  template <typename Value>
  void Throw(const Value& reason) {
    Raise({ExceptionClass::kThrow, MakeTerm(reason), Term()});
  }
  template <typename Value>
  void Exit(const Value& reason) {
    Raise({ExceptionClass::kExit, MakeTerm(reason), Term()});
  }
  template <typename Value>
  void Error(const Value& reason) {
    Raise({ExceptionClass::kError, MakeTerm(reason), Term()});
  }
  // error:badarg, with the arguments and the cause in its stack.
  void BadArgument(const TermView& arguments, absl::string_view cause);
  // Without a stack, it is given one that names the function.
  void Raise(Exception exception);

 private:
  // The way to answer, once; empty if that was done, or the node is gone.
  Answer TakeAnswer();

  Process self_;
  Caller caller_;
  Answer answer_;  // Empty once answered.
  std::shared_ptr<const FunctionName> function_;
  std::weak_ptr<const void> node_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_INCOMING_CALL_H_
