// TypedFunction: a C++ function as one that Erlang calls (exports.h).
//
//   TypedFunction([](int64_t a, const std::string& b) -> std::string { ... })
//
// Parameters are of types that ReadValue gives, by value or const reference;
// results are nothing (the atom ok), values that WriteValue takes, absl::Status
// or absl::StatusOr.

#ifndef RINGDIST_RUNTIME_TYPED_FUNCTION_H_
#define RINGDIST_RUNTIME_TYPED_FUNCTION_H_

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/exports.h"
#include "ringdist/runtime/incoming_call.h"

namespace ringdist {

// What the parameters of a function, or of a lambda, are.
template <typename Callable>
struct FunctionTraits : FunctionTraits<decltype(&Callable::operator())> {};
template <typename Result, typename... Parameters>
struct FunctionTraits<Result (*)(Parameters...)> {
  static constexpr size_t kArity = sizeof...(Parameters);
  // Where the arguments are kept during the call.
  using Arguments = std::tuple<std::decay_t<Parameters>...>;
};
template <typename Result, typename Class, typename... Parameters>
struct FunctionTraits<Result (Class::*)(Parameters...)>
    : FunctionTraits<Result (*)(Parameters...)> {};
template <typename Result, typename Class, typename... Parameters>
struct FunctionTraits<Result (Class::*)(Parameters...) const>
    : FunctionTraits<Result (*)(Parameters...)> {};
template <typename Result, typename... Parameters>
struct FunctionTraits<Result (*)(Parameters...) noexcept>
    : FunctionTraits<Result (*)(Parameters...)> {};
template <typename Result, typename Class, typename... Parameters>
struct FunctionTraits<Result (Class::*)(Parameters...) const noexcept>
    : FunctionTraits<Result (*)(Parameters...)> {};

namespace internal_call {

// Takes the next argument; if it is something else, `cause` says what.
template <typename Value>
bool TakeArgument(TermElements& arguments, size_t number, Value& value,
                  std::string& cause) {
  TermView argument;
  arguments.Next(argument);
  absl::StatusOr<Value> read = ReadValue<Value>(argument);
  if (read.ok()) {
    value = *std::move(read);
    return true;
  }
  cause = absl::StrCat("argument ", number, ": ", read.status().message());
  return false;
}

template <typename... Values>
bool TakeArguments(TermElements arguments, std::tuple<Values...>& values,
                   std::string& cause) {
  size_t number = 0;
  return std::apply(
      [&](Values&... value) {
        return (TakeArgument(arguments, ++number, value, cause) && ...);
      },
      values);
}

// error:{invalid_argument, <<"message">>}.
void RaiseStatus(IncomingCall& call, const absl::Status& status);

inline void Finish(IncomingCall& call, const absl::Status& status) {
  status.ok() ? call.Return(Atom("ok")) : RaiseStatus(call, status);
}
template <typename Value>
void Finish(IncomingCall& call, const absl::StatusOr<Value>& value) {
  value.ok() ? call.Return(*value) : RaiseStatus(call, value.status());
}
template <typename Value>
void Finish(IncomingCall& call, const Value& value) {
  call.Return(value);
}

}  // namespace internal_call

template <typename Callable>
ExportedFunction TypedFunction(Callable callable) {
  return [callable = std::move(callable)](IncomingCall call,
                                          const TermView& arguments) mutable {
    typename FunctionTraits<Callable>::Arguments values;
    std::string cause;
    if (!internal_call::TakeArguments(arguments.elements(), values, cause)) {
      return call.BadArgument(arguments, cause);
    }
    using Result = decltype(std::apply(callable, std::move(values)));
    if constexpr (std::is_void_v<Result>) {
      std::apply(callable, std::move(values));
      internal_call::Finish(call, absl::OkStatus());
    } else {
      internal_call::Finish(call, std::apply(callable, std::move(values)));
    }
  };
}

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_TYPED_FUNCTION_H_
