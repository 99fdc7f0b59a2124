#include "ringdist/bench/peers/erlang_node.h"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

constexpr absl::string_view kAnswer = "ringdist-answer ";

// Runs in the node: reads a line of expressions from standard input, has them
// evaluated, prints one line with the answer, in the order of the questions.
// The evaluating process is apart from the reading one, so that the node
// answers even if an evaluation ends its process.
constexpr absl::string_view kEvalLoop = R"erlang(
  Evaluate = fun(Text, Bindings) ->
    try
      {ok, Tokens, _} = erl_scan:string(Text),
      {ok, Expressions} = erl_parse:parse_exprs(Tokens),
      {value, Value, New} = erl_eval:exprs(Expressions, Bindings),
      {io_lib:format("~0p", [Value]), New}
    catch
      Class:Reason ->
        {io_lib:format("error: ~0p", [{Class, Reason}]), Bindings}
    end
  end,
  Evaluator = fun Evaluator(Bindings) ->
    receive
      {evaluate, Reader, Text} ->
        {Result, New} = Evaluate(Text, Bindings),
        Reader ! {evaluated, self(), Result},
        Evaluator(New)
    end
  end,
  Reader = fun
    Reader(none) ->
      {Pid, _} = spawn_monitor(fun() -> Evaluator([]) end),
      Reader(Pid);
    Reader(Pid) ->
      case io:get_line("") of
        eof -> halt();
        Text ->
          Pid ! {evaluate, self(), Text},
          {Result, Next} = receive
            {evaluated, Pid, Value} ->
              {Value, Pid};
            {'DOWN', _, process, Pid, Reason} ->
              {io_lib:format("error: ~0p", [{exit, Reason}]), none}
          end,
          io:format("ringdist-answer ~ts~n", [Result]),
          Reader(Next)
      end
  end,
  spawn(fun() ->
    io:setopts([{encoding, unicode}]),
    io:format("ringdist-answer ~ts~n", [node()]),
    Reader(none)
  end).
)erlang";

absl::Status Missing(absl::string_view what, absl::string_view package) {
  return absl::FailedPreconditionError(absl::StrCat(
      what, ": install the Debian package ", package, " (tools/setup does)"));
}

absl::Status NoErl() { return Missing("no program named erl", "erlang-base"); }

absl::StatusOr<std::string> KernelDirectory() {
  const absl::StatusOr<CommandResult> result =
      RunCommand({.command = {"erl", "-noinput", "-eval",
                              "io:put_chars(code:lib_dir(kernel)), halt()."}},
                 ErlangNode::kTimeout);
  if (absl::IsNotFound(result.status())) return NoErl();
  if (!result.ok()) return result.status();
  return std::string(absl::StripSuffix(result->output, "\n"));
}

absl::Status CompileCarrier(const std::string& into) {
  const absl::StatusOr<std::string> kernel = KernelDirectory();
  if (!kernel.ok()) return kernel.status();
  const std::string source =
      absl::StrCat(*kernel, "/examples/erl_uds_dist/src/erl_uds_dist.erl");
  const std::string header = absl::StrCat(*kernel, "/include/dist_util.hrl");
  if (!std::filesystem::exists(source)) {
    return Missing(absl::StrCat("no ", source), "erlang-examples");
  }
  if (!std::filesystem::exists(header)) {
    return Missing(absl::StrCat("no ", header), "erlang-dev");
  }
  const absl::StatusOr<CommandResult> compiled = RunCommand(
      {.command = {"erlc", "-I", absl::StrCat(*kernel, "/include"), source},
       .directory = into},
      ErlangNode::kTimeout);
  if (!compiled.ok()) return compiled.status();
  if (compiled->exit_status == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("erlc ", source, " failed (status ",
                                          compiled->exit_status,
                                          "): ", compiled->output));
}

// The compiled carrier; made by the first who asks, removed at exit.
struct Carrier {
  TemporaryDirectory directory;
  absl::Status status = CompileCarrier(directory.path());
};

const Carrier& GetCarrier() {
  static const Carrier carrier;
  return carrier;
}

std::string CarrierArguments(const ErlangNodeOptions& options) {
  if (options.carrier == ErlangCarrier::kTcp) {
    return "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}";
  }
  return absl::StrCat("-proto_dist erl_uds -no_epmd -pa ",
                      GetCarrier().directory.path());
}

std::vector<std::string> CommandLine(const ErlangNodeOptions& options) {
  std::vector<std::string> command;
  if (options.cpu >= 0) {
    command = {"taskset", "--cpu-list", absl::StrCat(options.cpu)};
  }
  command.insert(command.end(),
                 {"erl", "-noshell", "-sname", options.name, "-setcookie",
                  options.cookie, "-eval", std::string(kEvalLoop)});
  if (options.hidden) command.push_back("-hidden");
  const std::string more =
      absl::StrCat(CarrierArguments(options), " ", options.arguments);
  for (const absl::string_view argument :
       absl::StrSplit(more, ' ', absl::SkipEmpty())) {
    command.emplace_back(argument);
  }
  return command;
}

}  // namespace

absl::Status ErlangAvailable() { return GetCarrier().status; }

ErlangNode::ErlangNode(const ErlangNodeOptions& options) : options_(options) {
  if (options_.directory.empty()) options_.directory = home_.path();
}

absl::StatusOr<std::unique_ptr<ErlangNode>> ErlangNode::Start(
    const ErlangNodeOptions& options) {
  if (options.carrier == ErlangCarrier::kErlUds) {
    absl::Status available = ErlangAvailable();
    if (!available.ok()) return available;
  }
  std::unique_ptr<ErlangNode> node(new ErlangNode(options));
  absl::Status launched = node->Launch();
  if (!launched.ok()) return launched;
  return node;
}

absl::Status ErlangNode::Launch() {
  absl::StatusOr<std::unique_ptr<ChildProcess>> process = ChildProcess::Start(
      {.command = CommandLine(options_),
       .directory = options_.directory,
       .environment = {absl::StrCat("HOME=", home_.path()),
                       absl::StrCat("ERL_EPMD_PORT=", options_.epmd_port),
                       "ERL_CRASH_DUMP_SECONDS=0"}});
  // Or is it the directory that there is not?
  if (absl::IsNotFound(process.status()) &&
      std::filesystem::exists(options_.directory)) {
    return NoErl();
  }
  if (!process.ok()) return process.status();
  process_ = *std::move(process);
  output_.clear();
  answers_.clear();
  // The evaluation loop begins with an answer to a question nobody asked.
  unanswered_ = {{++last_evaluation_, "start"}};
  const absl::StatusOr<std::string> running = Wait(last_evaluation_);
  if (running.ok()) return absl::OkStatus();
  Kill();
  return absl::FailedPreconditionError(running.status().message());
}

absl::StatusOr<std::string> ErlangNode::Eval(absl::string_view expressions,
                                             absl::Duration timeout) {
  return Wait(EvalAsync(expressions), timeout);
}

int64_t ErlangNode::EvalAsync(absl::string_view expressions) {
  const int64_t evaluation = ++last_evaluation_;
  unanswered_.push_back({evaluation, std::string(expressions)});
  // If the node does not read any more, Wait finds the end of its output.
  process_
      ->WriteInput(
          absl::StrCat(absl::StrReplaceAll(expressions, {{"\n", " "}}), "\n"))
      .IgnoreError();
  return evaluation;
}

bool ErlangNode::Ready(int64_t evaluation) {
  for (;;) {
    const absl::Status line = TakeLine(absl::ZeroDuration());
    if (line.ok()) continue;
    return !absl::IsDeadlineExceeded(line) || answers_.count(evaluation) != 0;
  }
}

absl::StatusOr<std::string> ErlangNode::Wait(int64_t evaluation,
                                             absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  for (;;) {
    const auto answer = answers_.find(evaluation);
    if (answer != answers_.end()) {
      std::string value = std::move(answer->second);
      answers_.erase(answer);
      return value;
    }
    const absl::Status line =
        TakeLine(std::max(deadline - absl::Now(), absl::ZeroDuration()));
    if (!line.ok()) return Explain(line, timeout);
  }
}

// Takes one line of output: an answer, or something that was printed.
absl::Status ErlangNode::TakeLine(absl::Duration timeout) {
  const absl::StatusOr<std::string> line = process_->ReadLine(timeout);
  if (!line.ok()) return line.status();
  // An evaluation may have printed something without a newline before it.
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(*line, absl::MaxSplits(kAnswer, 1));
  if (parts.first.size() == line->size() || unanswered_.empty()) {
    absl::StrAppend(&output_, *line, "\n");
    return absl::OkStatus();
  }
  absl::StrAppend(&output_, parts.first);
  answers_.emplace(unanswered_.front().evaluation, parts.second);
  unanswered_.pop_front();
  return absl::OkStatus();
}

// Says what TakeLine's errors mean for an evaluation.
absl::Status ErlangNode::Explain(const absl::Status& status,
                                 absl::Duration timeout) {
  const std::string printed = absl::StrCat("; it printed: ", output_);
  if (absl::IsDeadlineExceeded(status)) {
    const std::string doing =
        unanswered_.empty() ? "nothing" : unanswered_.front().expressions;
    return absl::DeadlineExceededError(absl::StrCat(
        name(), ": no answer within ", absl::FormatDuration(timeout),
        ", evaluating ", doing, printed));
  }
  const absl::StatusOr<int> exit_status = process_->Wait(kTimeout);
  return absl::UnavailableError(absl::StrCat(
      name(), " has ended (exit status ",
      exit_status.ok() ? absl::StrCat(*exit_status) : "unknown", ")", printed));
}

absl::Status ErlangNode::Stop(absl::Duration timeout) {
  EvalAsync("init:stop().");
  return process_->Wait(timeout).status();
}

void ErlangNode::Kill() {
  process_->Signal(SIGKILL).IgnoreError();  // It may have ended.
  RINGDIST_CHECK(process_->Wait(kTimeout).ok());
}

absl::Status ErlangNode::Restart() {
  Kill();
  return Launch();
}

}  // namespace ringdist
