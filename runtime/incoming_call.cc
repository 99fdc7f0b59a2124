#include "ringdist/runtime/incoming_call.h"

#include <tuple>
#include <vector>

namespace ringdist {
namespace {

// Terms that were sent with an atom cache may become a hundred times as long.
constexpr size_t kMaxShownBytes = 1024 * 1024;

// [{Module, Function, Arity, []}].
Term StackOf(const FunctionName& function) {
  return MakeTerm(std::vector{std::tuple(
      Atom(function.module), Atom(function.function), function.arity, Nil())});
}

}  // namespace

Term ShownArguments(const TermView& arguments, size_t arity) {
  return arguments.bytes().size() > kMaxShownBytes ? MakeTerm(arity)
                                                   : Term(arguments);
}

IncomingCall::IncomingCall(Process self, Caller caller, Answer answer,
                           std::shared_ptr<const FunctionName> function,
                           std::weak_ptr<const void> node)
    : self_(self),
      caller_(std::move(caller)),
      answer_(std::move(answer)),
      function_(std::move(function)),
      node_(std::move(node)) {}

IncomingCall& IncomingCall::operator=(IncomingCall&& other) noexcept {
  std::swap(self_, other.self_);
  std::swap(caller_, other.caller_);
  std::swap(answer_, other.answer_);
  std::swap(function_, other.function_);
  std::swap(node_, other.node_);
  return *this;
}

IncomingCall::~IncomingCall() {
  if (answer_ != nullptr) Error(Atom("no_answer"));
}

IncomingCall::Answer IncomingCall::TakeAnswer() {
  Answer answer = std::exchange(answer_, nullptr);
  return node_.expired() ? nullptr : std::move(answer);
}

void IncomingCall::ReturnWith(MessageWriter value) {
  if (Answer answer = TakeAnswer()) answer(self_, &value, nullptr);
}

void IncomingCall::BadArgument(const TermView& arguments,
                               absl::string_view cause) {
  const auto info =
      std::tuple(Atom("error_info"), Map(std::pair(Atom("cause"), cause)));
  Raise({ExceptionClass::kError, MakeTerm(Atom("badarg")),
         MakeTerm(List(std::make_tuple(
             std::tuple(Atom(function_->module), Atom(function_->function),
                        ShownArguments(arguments, function_->arity),
                        List(std::make_tuple(info))))))});
}

void IncomingCall::Raise(Exception exception) {
  Answer answer = TakeAnswer();
  if (answer == nullptr) return;
  if (exception.kind != ExceptionClass::kExit && exception.stack.empty()) {
    exception.stack = StackOf(*function_);
  }
  answer(self_, nullptr, &exception);
}

}  // namespace ringdist
