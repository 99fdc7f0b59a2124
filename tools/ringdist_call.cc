#include "ringdist/tools/ringdist_call.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tools/call_exception.h"
#include "ringdist/tools/ringdist_output.h"
#include "ringdist/tools/visit.h"

namespace ringdist {
namespace {

constexpr char kDescription[] =
    "Calls a function of a node and prints what it returns.\n"
    "\n"
    "Connects, as a hidden node that does not listen, and calls as erpc:call "
    "does.\n"
    "What the function prints (io:format) comes before its result, as it is\n"
    "printed. An exception goes to standard error, with its stack; with --json "
    "it is\n"
    "an event like the others.\n";

constexpr char kExamples[] =
    "Examples:\n"
    "    ringdist call srv@localhost erlang node --dir=/run/nodes\n"
    "    ringdist call srv@localhost lists seq '[1, 10]' --dir=/run/nodes\n"
    "  A function of an Elixir module:\n"
    "    ringdist call srv@localhost Elixir.String upcase '[<<\"abc\">>]' \\\n"
    "        --dir=/run/nodes\n"
    "  A call of the gen_server that is registered as counter:\n"
    "    ringdist call srv@localhost gen_server call '[counter, get]' \\\n"
    "        --dir=/run/nodes\n"
    "  For a program to read; jq gives the result alone:\n"
    "    ringdist call srv@localhost erlang memory --json --dir=/run/nodes \\\n"
    "        | jq -r 'select(.event == \"result\") | .result'\n"
    "\n"
    "Exit status: 0 if the function returned, 1 if it raised an exception or "
    "could\n"
    "not be called, 2 if the command line is wrong.";

absl::Status ParseArguments(absl::string_view text, Term& value) {
  absl::Status parsed = ParseTermText(text, value);
  if (!parsed.ok()) return parsed;
  const TermView list = value;
  if (list.type() == TermType::kNil) return absl::OkStatus();
  if (list.type() == TermType::kList &&
      list.elements().Tail().type() == TermType::kNil) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      text, " is no list; write the arguments between brackets: '[1, 2]'"));
}

void ValidateCallFlags(CallFlags& flags) {
  if (flags.function.empty()) {
    ThrowUsageError(absl::StrCat(flags.peer.empty()     ? "NODE"
                                 : flags.module.empty() ? "MODULE"
                                                        : "FUNCTION",
                                 " is missing; write, say, ringdist call "
                                 "srv@localhost lists seq '[1, 10]'"));
  }
  CompleteVisitor(flags.node, flags.peer);
  if (flags.arguments.empty()) flags.arguments = MakeTerm(Nil());
}

// The command while it runs. A ping first, which connects and tells why if it
// cannot; then the call.
class CallCommand {
 public:
  // Its arguments outlive it.
  CallCommand(Reactor& reactor, const CallFlags& flags);

  absl::Status Start();

  // OK, or why there is no result and no exception, or that could not be told.
  const absl::Status& status() const {
    return status_.ok() ? output_.status() : status_;
  }
  // Whether the function returned.
  ExitStatus exit_status() const { return result_->ok() ? kSuccess : kFailure; }

 private:
  void OnConnected(const absl::StatusOr<absl::Duration>& pong);
  void OnOutput(absl::string_view text);
  void OnResult(const CallResult& result);
  // Ends the line that the function has begun to print.
  void EndLine();
  void PrintResult(const Term& value);
  void PrintException(const Exception& exception);
  absl::Status WithoutAnswer() const;
  void End(absl::Status status);

  Reactor& reactor_;
  const CallFlags& flags_;
  const absl::Time deadline_;
  Output output_;
  bool in_line_ = false;  // What was printed does not end a line.
  absl::Status status_;
  std::optional<CallResult> result_;
  // Goes first: until it is gone it may call back.
  std::unique_ptr<Node> node_;
};

CallCommand::CallCommand(Reactor& reactor, const CallFlags& flags)
    : reactor_(reactor),
      flags_(flags),
      deadline_(reactor.Now() + flags.timeout),
      output_(flags.node.format, [&reactor] { reactor.Stop(); }) {}

absl::Status CallCommand::Start() {
  NodeOptions options;
  options.on_output = [this](absl::string_view text, const PidView&) {
    OnOutput(text);
  };
  absl::StatusOr<std::unique_ptr<Node>> node =
      CreateVisitor(reactor_, flags_.node, std::move(options));
  if (!node.ok()) return node.status();
  node_ = *std::move(node);
  node_->Ping(*NodeName::Parse(flags_.peer), flags_.timeout,
              [this](const absl::StatusOr<absl::Duration>& pong) {
                OnConnected(pong);
              });
  return absl::OkStatus();
}

void CallCommand::OnConnected(const absl::StatusOr<absl::Duration>& pong) {
  if (!pong.ok()) return End(pong.status());
  // Only now: a node without a name has got one.
  const absl::Duration left =
      std::max(deadline_ - reactor_.Now(), absl::ZeroDuration());
  node_->Call(flags_.peer, flags_.module, flags_.function, flags_.arguments,
              left, [this](const CallResult& result) { OnResult(result); });
}

void CallCommand::OnOutput(absl::string_view text) {
  if (text.empty() || result_.has_value()) return;  // Of what still runs.
  output_.Write(text, {{"event", "output"}, {"text", std::string(text)}});
  in_line_ = text.back() != '\n';
}

void CallCommand::OnResult(const CallResult& result) {
  result_ = result;
  EndLine();
  if (result.ok()) {
    PrintResult(result.value());
  } else if (result.exception() != nullptr) {
    PrintException(*result.exception());
  } else {
    return End(absl::IsDeadlineExceeded(result.status()) ? WithoutAnswer()
                                                         : result.status());
  }
  End(absl::OkStatus());
}

absl::Status CallCommand::WithoutAnswer() const {
  return absl::DeadlineExceededError(absl::StrCat(
      "timeout: no answer from ", flags_.peer, " within ",
      absl::FormatDuration(flags_.timeout),
      "; the function may still run, a longer --timeout waits for it"));
}

void CallCommand::EndLine() {
  if (in_line_ && flags_.node.format == Output::Format::kText) {
    output_.Write("\n", Json());
  }
}

void CallCommand::PrintResult(const Term& value) {
  const std::string text = ToText(value);
  output_.Print(text, {{"event", "result"}, {"result", text}});
}

void CallCommand::PrintException(const Exception& exception) {
  if (flags_.node.format == Output::Format::kText) {
    return PrintError(ExceptionText(exception));
  }
  Json event = {{"event", "exception"}};
  event.update(ExceptionJson(exception));
  output_.Print("", event);
}

void CallCommand::End(absl::Status status) {
  status_ = std::move(status);
  reactor_.Stop();
}

}  // namespace

CLI::App& AddCallCommand(CLI::App& app, CallFlags& flags) {
  CLI::App& call = *app.add_subcommand("call", kDescription);
  call.group("Commands");
  AddFlag(call, "NODE", "", "The node of the function, alive@host.",
          [&flags](const std::string& text) {
            return ParseNode(text, flags.peer);
          });
  AddFlag(call, "MODULE", "", "The module of the function.",
          [&flags](const std::string& text) {
            return ParseAtom(text, flags.module);
          });
  AddFlag(call, "FUNCTION", "", "The function.",
          [&flags](const std::string& text) {
            return ParseAtom(text, flags.function);
          });
  AddFlag(call, "ARGS", "",
          "The list of its arguments, in Erlang's syntax.\n"
          "Default: [].",
          [&flags](const std::string& text) {
            return ParseArguments(text, flags.arguments);
          })
      ->default_str("[]");
  AddVisitorFlags(call, flags.node, flags.timeout,
                  "How long the call may take, connecting included;\n"
                  "inf: for ever. The function itself goes on running.\n"
                  "Default: 5s.");
  AddNodeFlags(call, flags.node);
  call.footer(kExamples);
  call.callback([&flags] { ValidateCallFlags(flags); });
  return call;
}

int RunCall(const CallFlags& flags) { return RunVisit<CallCommand>(flags); }

}  // namespace ringdist
