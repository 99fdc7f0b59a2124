#include "ringdist/runtime/exports.h"

#include <cctype>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/typed_function.h"

namespace ringdist {
namespace {

constexpr size_t kMaxArity = 255;
// More arguments than apply/3 takes.
constexpr size_t kTooManyArguments = 1024;

std::string KeyOf(absl::string_view module, absl::string_view function,
                  size_t arity) {
  return absl::StrCat(module, ":", function, "/", arity);
}

// How many elements a proper list has.
std::optional<size_t> LengthOf(const TermView& list) {
  if (list.type() == TermType::kNil) return 0;
  if (list.type() != TermType::kList ||
      list.elements().Tail().type() != TermType::kNil) {
    return std::nullopt;
  }
  return list.size();
}

// What was raised by no function but for what it was to be called with (OTP:
// erpc:is_arg_error/4) has no stack.
bool IsArgumentError(const Exception& raised) { return raised.stack.empty(); }

// Ends a process that was spawned to run a function, as its function ended.
void EndSpawned(Process& self, MessageWriter*, const Exception* raised) {
  if (raised == nullptr) return self.Exit(MakeTerm(Atom("normal")));
  const Term stack = IsArgumentError(*raised) ? MakeTerm(Nil()) : raised->stack;
  switch (raised->kind) {
    case ExceptionClass::kExit:
      return self.Exit(raised->reason);
    case ExceptionClass::kError:
      return self.Exit(MakeTerm(std::tuple(raised->reason, stack)));
    case ExceptionClass::kThrow: {
      const auto nocatch = std::tuple(Atom("nocatch"), raised->reason);
      return self.Exit(MakeTerm(std::tuple(nocatch, stack)));
    }
  }
}

// Ends a process that runs erpc:execute_cast/3, which raises errors anew.
void EndExecuteCast(Process& self, MessageWriter* value,
                    const Exception* raised) {
  if (raised == nullptr || raised->kind != ExceptionClass::kError) {
    return EndSpawned(self, value, raised);
  }
  const Term reason =
      IsArgumentError(*raised)
          ? MakeTerm(std::tuple(Atom("erpc"), raised->reason))
          : MakeTerm(std::tuple(Atom("exception"),
                                std::tuple(raised->reason, raised->stack)));
  self.Exit(MakeTerm(
      std::tuple(reason, List(std::make_tuple(std::tuple(
                             Atom("erpc"), Atom("execute_cast"), 3, Nil()))))));
}

// Ends a process that runs erpc:execute_call/4: its exit reason carries the
// result, marked with what the caller gave along.
void EndExecuteCall(Process& self, const Term& mark, MessageWriter* value,
                    const Exception* raised) {
  if (raised != nullptr && IsArgumentError(*raised) &&
      raised->kind == ExceptionClass::kError) {
    const auto reason = std::tuple(Atom("erpc"), raised->reason);
    return self.Exit(MakeTerm(std::tuple(mark, Atom("error"), reason)));
  }
  StringWriter bytes;
  TermWriter writer(bytes);
  const bool with_stack =
      raised != nullptr && raised->kind == ExceptionClass::kError;
  writer.WriteTupleHeader(with_stack ? 4 : 3);
  writer.WriteTerm(mark);
  writer.WriteAtom(raised == nullptr ? "return" : NameOf(raised->kind));
  if (raised == nullptr) {
    (*value)(writer);
  } else {
    writer.WriteTerm(raised->reason);
    if (with_stack) writer.WriteTerm(raised->stack);
  }
  self.Exit(Term::Trusted(std::string(bytes.view())));
}

// What apply/3 raises for what is no module, no function, or no list, and what
// erpc leaves of its stack.
Exception BadApply(const TermView& module, const TermView& function,
                   const TermView& arguments, std::optional<size_t> arity) {
  const size_t size = module.bytes().size() + function.bytes().size() +
                      arguments.bytes().size();
  if (size > kMaxTagBytes) {  // Too long to be shown.
    return {ExceptionClass::kError, MakeTerm(Atom("badarg")), MakeTerm(Nil())};
  }
  const auto info =
      std::tuple(Atom("error_info"),
                 Map(std::pair(Atom("module"), Atom("erl_erts_errors"))));
  const auto apply = std::tuple(Atom("erlang"), Atom("apply"),
                                List(std::tuple(module, function, arguments)),
                                List(std::make_tuple(info)));
  if (!arity.has_value()) {
    return {ExceptionClass::kError, MakeTerm(Atom("badarg")),
            MakeTerm(List(std::make_tuple(apply)))};
  }
  const auto called = std::tuple(module, function, *arity, Nil());
  return {ExceptionClass::kError, MakeTerm(Atom("badarg")),
          MakeTerm(List(std::tuple(apply, called)))};
}

Exception Undefined(const TermView& module, const TermView& function,
                    const TermView& arguments, size_t arity) {
  return {ExceptionClass::kError, MakeTerm(Atom("undef")),
          MakeTerm(List(std::make_tuple(std::tuple(
              module, function, ShownArguments(arguments, arity), Nil()))))};
}

}  // namespace

namespace internal_call {

void RaiseStatus(IncomingCall& call, const absl::Status& status) {
  call.Error(std::tuple(
      Atom(absl::AsciiStrToLower(absl::StatusCodeToString(status.code()))),
      status.message()));
}

}  // namespace internal_call

Exports::Exports(MayCall may_call) : may_call_(std::move(may_call)) {}

absl::Status Exports::Add(absl::string_view module, absl::string_view function,
                          size_t arity, ExportedFunction run) {
  std::string key = KeyOf(module, function, arity);
  if (!IsAtomText(module) || !IsAtomText(function) || arity > kMaxArity) {
    return absl::InvalidArgumentError(absl::StrCat(
        "export ", key, ": module and function must be atoms, and the arity ",
        "at most ", kMaxArity));
  }
  const auto [at, is_new] = functions_.try_emplace(std::move(key));
  if (!is_new) {
    return absl::AlreadyExistsError(
        absl::StrCat("export ", at->first, ": it is exported already"));
  }
  at->second = std::make_shared<Exported>(
      Exported{std::make_shared<const FunctionName>(FunctionName{
                   std::string(module), std::string(function), arity}),
               std::move(run)});
  return absl::OkStatus();
}

absl::Status Exports::Remove(absl::string_view module,
                             absl::string_view function, size_t arity) {
  const std::string key = KeyOf(module, function, arity);
  if (functions_.erase(key) > 0) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("unexport ", key, ": it is not exported"));
}

void Exports::RunSpawned(Process self, const control::SpawnRequest& request) {
  Caller caller{Pid(request.from), Pid(request.group_leader)};
  TermView mark, module, function, arguments;
  if (request.module == AtomView::Utf8("erpc") &&
      request.function == AtomView::Utf8("execute_call") &&
      Matches(request.arguments,
              List(std::tuple(&mark, &module, &function, &arguments))) &&
      MayKeepTag(mark)) {
    return Run(
        self, std::move(caller),
        [mark = Term(mark)](Process& process, MessageWriter* value,
                            const Exception* raised) {
          EndExecuteCall(process, mark, value, raised);
        },
        module, function, arguments);
  }
  if (request.module == AtomView::Utf8("erpc") &&
      request.function == AtomView::Utf8("execute_cast") &&
      Matches(request.arguments,
              List(std::tuple(&module, &function, &arguments)))) {
    return Run(self, std::move(caller), EndExecuteCast, module, function,
               arguments);
  }
  const Term m = MakeTerm(request.module);
  const Term f = MakeTerm(request.function);
  Run(self, std::move(caller), EndSpawned, m, f, request.arguments);
}

void Exports::Run(Process self, Caller caller, IncomingCall::Answer answer,
                  const TermView& module, const TermView& function,
                  const TermView& arguments) {
  const std::optional<AtomView> m = module.AsAtom();
  const std::optional<AtomView> f = function.AsAtom();
  const std::optional<size_t> arity = LengthOf(arguments);
  if (!m.has_value() || !f.has_value() || !arity.has_value()) {
    const Exception raised = BadApply(module, function, arguments, arity);
    return answer(self, nullptr, &raised);
  }
  if (*arity >= kTooManyArguments) {
    const Exception raised{ExceptionClass::kError,
                           MakeTerm(Atom("system_limit")), Term()};
    return answer(self, nullptr, &raised);
  }
  const std::string key = KeyOf(m->ToString(), f->ToString(), *arity);
  const auto found = functions_.find(key);
  if (found == functions_.end() || !may_call_(key)) {
    const Exception raised = Undefined(module, function, arguments, *arity);
    return answer(self, nullptr, &raised);
  }
  const std::shared_ptr<Exported> exported = found->second;
  exported->run(IncomingCall(self, std::move(caller), std::move(answer),
                             exported->name, alive_),
                arguments);
}

}  // namespace ringdist
