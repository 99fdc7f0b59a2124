// CallResult: how a call of a function ended, over there or here.
//
//   if (result.ok()) {
//     absl::StatusOr<int64_t> sum = result.As<int64_t>();
//   } else if (result.exception() != nullptr) {      // the function raised
//     Log(result.exception()->ToString());           // "error:badarith in ..."
//   } else {
//     Log(result.status().message());                // "noconnection: ..."
//   }

#ifndef RINGDIST_RUNTIME_CALL_RESULT_H_
#define RINGDIST_RUNTIME_CALL_RESULT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {

// Erlang's classes of exceptions.
enum class ExceptionClass {
  kError,  // error/1, and what the runtime system raises: badarg, undef, ...
  kExit,   // exit/1.
  kThrow,  // throw/1.
};

// error, exit, throw.
absl::string_view NameOf(ExceptionClass kind);

// What a function raised instead of returning.
struct Exception {
  // "error:badarith in math:add/2": one line for people.
  std::string ToString() const;

  ExceptionClass kind = ExceptionClass::kError;
  Term reason;
  // Of an error, where that is known: [{Module, Function, Arity or Arguments,
  // Location}]; otherwise empty().
  Term stack;
};

class CallResult {
 public:
  // The function returned.
  static CallResult Returned(Term value);
  // It raised. The status is Aborted, with the text of the exception.
  static CallResult Raised(Exception exception);
  // There is no answer; `status` says why, and begins with OTP's word for it:
  //   Unavailable       noconnection: no connection, or it is gone
  //   DeadlineExceeded  timeout
  //   NotFound          noproc: nobody has that name
  //   Unimplemented     notsup: the node takes no calls
  //   Cancelled         cancelled, by whoever called
  //   ResourceExhausted system_limit: too much waits, or runs, already
  //   InvalidArgument   badarg: what was to be called, or where
  static CallResult Failed(absl::Status status);

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }
  // Only if ok().
  const Term& value() const;
  // Null unless the function raised.
  const Exception* exception() const { return exception_.get(); }

  // The value as C++ has it (term_convert.h); or the status; or
  // InvalidArgument: the value is something else.
  template <typename T>
  absl::StatusOr<T> As() const {
    if (!ok()) return status_;
    return ReadValue<T>(value_);
  }

 private:
  CallResult() = default;

  absl::Status status_;
  Term value_;
  std::shared_ptr<const Exception> exception_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_CALL_RESULT_H_
