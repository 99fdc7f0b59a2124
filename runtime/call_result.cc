#include "ringdist/runtime/call_result.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {
namespace {

// " in math:add/2" of the innermost function of a stack, if that is told.
std::string PlaceOf(const Term& stack) {
  if (stack.empty() || stack.view().type() != TermType::kList) return "";
  TermElements entries = stack.view().elements();
  TermView entry, arity;
  AtomView module, function;
  if (!entries.Next(entry) ||
      !Matches(entry, std::tuple(&module, &function, &arity, Any()))) {
    return "";
  }
  size_t count = 0;
  if (arity.AsInt64().has_value()) {
    count = static_cast<size_t>(*arity.AsInt64());
  } else if (arity.type() == TermType::kList) {
    TermElements arguments = arity.elements();
    for (TermView argument; arguments.Next(argument);) ++count;
  }
  return absl::StrCat(" in ", module.ToString(), ":", function.ToString(), "/",
                      count);
}

}  // namespace

absl::string_view NameOf(ExceptionClass kind) {
  switch (kind) {
    case ExceptionClass::kError:
      return "error";
    case ExceptionClass::kExit:
      return "exit";
    case ExceptionClass::kThrow:
      return "throw";
  }
  return "";
}

std::string Exception::ToString() const {
  return absl::StrCat(NameOf(kind), ":", ToText(reason), PlaceOf(stack));
}

CallResult CallResult::Returned(Term value) {
  CallResult result;
  result.value_ = std::move(value);
  return result;
}

CallResult CallResult::Raised(Exception exception) {
  CallResult result;
  result.status_ = absl::AbortedError(exception.ToString());
  result.exception_ = std::make_shared<const Exception>(std::move(exception));
  return result;
}

CallResult CallResult::Failed(absl::Status status) {
  RINGDIST_CHECK(!status.ok());
  CallResult result;
  result.status_ = std::move(status);
  return result;
}

const Term& CallResult::value() const {
  RINGDIST_CHECK(ok());
  return value_;
}

}  // namespace ringdist
