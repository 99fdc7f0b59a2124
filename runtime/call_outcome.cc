#include "ringdist/runtime/call_outcome.h"

#include <tuple>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

// What erpc and rpc give as the reason if a call could not be made.
CallResult CannotCall(absl::string_view node, const TermView& reason) {
  if (reason.IsAtom("noconnection") || reason.IsAtom("nodedown")) {
    return CallResult::Failed(NoConnection(node, "the connection is gone"));
  }
  if (reason.IsAtom("notsup")) {
    return CallResult::Failed(absl::UnimplementedError(
        absl::StrCat("notsup: ", node, " takes no calls")));
  }
  if (reason.IsAtom("system_limit")) {
    return CallResult::Failed(absl::ResourceExhaustedError(
        absl::StrCat("system_limit: ", node, " has too many processes")));
  }
  if (reason.IsAtom("timeout")) {
    return CallResult::Failed(
        absl::DeadlineExceededError(absl::StrCat("timeout: at ", node)));
  }
  return CallResult::Failed(absl::InvalidArgumentError(
      absl::StrCat("badarg: ", node, " refuses the call")));
}

CallResult Raised(ExceptionClass kind, const TermView& reason,
                  const TermView& stack = TermView()) {
  return CallResult::Raised(
      {kind, Term(reason), stack.empty() ? Term() : Term(stack)});
}

bool IsStack(const TermView& term) {
  return term.type() == TermType::kList || term.type() == TermType::kNil;
}

}  // namespace

absl::Status NoConnection(absl::string_view node, absl::string_view why) {
  return absl::UnavailableError(
      absl::StrCat("noconnection: ", node, ": ", why));
}

absl::Status CannotConnect(absl::string_view node, const absl::Status& why) {
  if (!absl::IsInvalidArgument(why)) return NoConnection(node, why.message());
  return absl::InvalidArgumentError(absl::StrCat("badarg: ", why.message()));
}

absl::Status CannotSend(absl::string_view node, const absl::Status& why) {
  if (!absl::IsResourceExhausted(why)) return NoConnection(node, why.message());
  return absl::ResourceExhaustedError(
      absl::StrCat("system_limit: ", node, ": ", why.message()));
}

CallResult ExecutedOutcome(absl::string_view node, uint64_t mark,
                           const TermView& reason) {
  TermView what, stack;
  if (Matches(reason, std::tuple(mark, Atom("return"), &what))) {
    return CallResult::Returned(Term(what));
  }
  if (Matches(reason, std::tuple(mark, Atom("throw"), &what))) {
    return Raised(ExceptionClass::kThrow, what);
  }
  if (Matches(reason, std::tuple(mark, Atom("exit"), &what))) {
    return Raised(ExceptionClass::kExit, what);
  }
  if (Matches(reason, std::tuple(mark, Atom("error"), &what, &stack))) {
    return Raised(ExceptionClass::kError, what, stack);
  }
  // About the arguments of apply/3.
  const auto refused = std::tuple(Atom("erpc"), &what);
  if (Matches(reason, std::tuple(mark, Atom("error"), refused))) {
    return CannotCall(node, what);
  }
  // It was ended by a signal.
  return Raised(ExceptionClass::kExit,
                MakeTerm(std::tuple(Atom("signal"), reason)));
}

CallResult SpawnErrorOutcome(absl::string_view node, const TermView& reason) {
  return CannotCall(node, reason);
}

CallResult RexOutcome(absl::string_view node, const TermView& reply) {
  TermView why, reason, what, stack;
  if (!Matches(reply, std::tuple(Atom("badrpc"), &why))) {
    return CallResult::Returned(Term(reply));
  }
  if (!Matches(why, std::tuple(Atom("EXIT"), &reason))) {
    return CannotCall(node, why);
  }
  if (Matches(reason, std::tuple(&what, &stack)) && IsStack(stack)) {
    return Raised(ExceptionClass::kError, what, stack);
  }
  return Raised(ExceptionClass::kExit, reason);
}

CallResult ServerDownOutcome(absl::string_view node, const TermView& reason) {
  if (reason.IsAtom("noconnection")) return CannotCall(node, reason);
  if (reason.IsAtom("noproc")) {
    return CallResult::Failed(absl::NotFoundError(
        absl::StrCat("noproc: there is no such process at ", node)));
  }
  return Raised(ExceptionClass::kExit, reason);
}

}  // namespace ringdist
