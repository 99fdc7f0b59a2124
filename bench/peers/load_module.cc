#include "ringdist/bench/peers/load_module.h"

#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ringdist/bench/peers/load_beams.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {
namespace {

constexpr absl::string_view kModule = "ringdist_load";

// A list of one argument or several.
template <typename... Arguments>
Term ListOf(Arguments... arguments) {
  return MakeTerm(List(std::tuple<Arguments...>(arguments...)));
}

absl::Status Call(CallFunction call, absl::string_view module,
                  absl::string_view function, const Term& arguments) {
  return call(module, function, arguments).status();
}

absl::Status Load(CallFunction call, absl::string_view module,
                  absl::string_view beam) {
  const absl::StatusOr<Term> loaded =
      call("code", "load_binary", ListOf(Atom(module), Atom(module), beam));
  if (!loaded.ok()) return loaded.status();
  return MatchTerm(*loaded, std::tuple(Atom("module"), Atom(module)));
}

Term StartOptions(const LoadSpec& spec) {
  return MakeTerm(Map(std::pair(Atom("verify"), Atom(ToString(spec.verify))),
                      std::pair(Atom("hold_ns"),
                                absl::ToInt64Nanoseconds(spec.slow_consumer))));
}

}  // namespace

absl::StatusOr<Term> CallIn(ErlangNode& node, absl::string_view module,
                            absl::string_view function, const Term& arguments) {
  const absl::StatusOr<std::string> answer = node.Eval(absl::StrCat(
      "apply(", ToText(MakeTerm(Atom(module))), ", ",
      ToText(MakeTerm(Atom(function))), ", ", ToText(arguments), ")."));
  if (!answer.ok()) return answer.status();
  if (absl::StartsWith(*answer, "error: ")) {
    return absl::AbortedError(
        absl::StrCat(node.name(), ": ", module, ":", function, ": ", *answer));
  }
  return ParseTerm(*answer);
}

absl::StatusOr<bool> StartLoadModule(CallFunction call, const LoadSpec& spec) {
  // Whoever answers this takes a load already.
  if (Call(call, kModule, "echo", ListOf("")).ok()) return false;
  absl::Status done = Load(call, kModule, RingdistLoadBeam());
  if (!done.ok()) return done;
  done = Call(call, kModule, "start", ListOf(StartOptions(spec)));
  if (done.ok()) return true;
  RemoveLoadModule(call).IgnoreError();  // The error is told already.
  return done;
}

absl::Status RemoveLoadModule(CallFunction call) {
  const Term module = ListOf(Atom(kModule));
  absl::Status status = Call(call, kModule, "stop", MakeTerm(Nil()));
  status.Update(Call(call, "code", "delete", module));
  status.Update(Call(call, "code", "purge", module));
  return status;
}

absl::Status LoadClientModules(CallFunction call) {
  absl::Status loaded = Load(call, kModule, RingdistLoadBeam());
  loaded.Update(Load(call, "ringdist_load_trips", RingdistLoadTripsBeam()));
  loaded.Update(Load(call, "ringdist_load_client", RingdistLoadClientBeam()));
  return loaded;
}

}  // namespace ringdist
