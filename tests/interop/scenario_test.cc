#include "ringdist/tests/interop/scenario_test.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace ringdist {

Recorder::Recorder(InteropTest& test, Node& node, ProcessOptions options)
    : test_(test) {
  options.on_death = [kept = kept_](const Pid&, const Term& reason) {
    kept->reason = ToText(reason);
  };
  pid_ = node.Spawn(
      [kept = kept_](Process&, const TermView& message) {
        kept->messages.emplace_back(message);
      },
      std::move(options));
  process_ = node.Find(pid_);
}

Term Recorder::NextTerm() {
  if (!test_.RunUntil([&] { return !kept_->messages.empty(); })) return Term();
  Term first = std::move(kept_->messages.front());
  kept_->messages.pop_front();
  return first;
}

std::string Recorder::Next() {
  const Term next = NextTerm();
  return next.empty() ? "none" : ToText(next);
}

std::string Recorder::Reason() {
  const bool ended = test_.RunUntil([&] { return !kept_->reason.empty(); });
  return ended ? kept_->reason : "alive";
}

absl::Status StartEcho(Node& node) {
  const Pid echo = node.Spawn([](Process& self, const TermView& message) {
    PidView pid;
    ReferenceView alias;
    TermView term;
    absl::Status sent = absl::InvalidArgumentError("not for echo");
    if (Matches(message, std::tuple(&pid, &term))) {
      sent = self.Send(pid, term);
    } else if (Matches(message, std::tuple(&alias, &term))) {
      sent = self.Send(alias, term);
    }
    EXPECT_TRUE(sent.ok()) << sent;
  });
  return node.Register("echo", echo);
}

std::string SideName(const ::testing::TestParamInfo<Side>& info) {
  return info.param == Side::kErlang ? "ErlangConnects" : "WeConnect";
}

void EitherConnectsTest::SetUp() {
  InteropTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  StartNodes();
  Connect(GetParam());
}

void ScenarioTest::StartNodes(const NodeOptions& options) {
  erlang_ = StartErlang();
  node_ = std::make_unique<RecordedNode>(*this, options);
  ASSERT_TRUE(node().Listen().ok());
  ASSERT_EQ(Eval("N = cpp@localhost, register(tester, self()),"
                 "process_flag(trap_exit, true),"
                 "Next = fun() -> receive Any -> Any after 5000 -> none end"
                 " end, ok."),
            "ok");
}

void ScenarioTest::Connect(Side side) {
  if (side == Side::kErlang) {
    ASSERT_EQ(Eval("net_adm:ping(N)."), "pong");
  } else {
    const absl::Status connected = node_->Ping("erl@localhost").status();
    ASSERT_TRUE(connected.ok()) << connected;
  }
}

Recorder ScenarioTest::Record(absl::string_view name, ProcessOptions options) {
  Recorder recorder(*this, node(), std::move(options));
  if (!name.empty()) {
    EXPECT_TRUE(node().Register(name, recorder.pid()).ok()) << name;
  }
  return recorder;
}

Recorder ScenarioTest::RecordTrapping(absl::string_view name) {
  ProcessOptions options;
  options.trap_exits = true;
  return Record(name, std::move(options));
}

Term ScenarioTest::EvalTerm(absl::string_view expression) {
  const std::string answer = Eval(
      "base64:encode_to_string(term_to_binary(begin ", expression, " end)).");
  absl::string_view text = answer;
  std::string bytes;
  const bool decoded = absl::ConsumePrefix(&text, "\"") &&
                       absl::ConsumeSuffix(&text, "\"") &&
                       absl::Base64Unescape(text, &bytes);
  EXPECT_TRUE(decoded) << expression << ": " << answer;
  absl::StatusOr<Term> term = Term::FromExternal(bytes);
  EXPECT_TRUE(term.ok()) << expression << ": " << term.status();
  return term.ok() ? *std::move(term) : Term();
}

bool ScenarioTest::LoadModule(absl::string_view module,
                              std::initializer_list<absl::string_view> nodes) {
  const std::string file =
      std::filesystem::absolute(absl::StrCat("tests/interop/", module, ".erl"));
  return Eval("(fun() -> {ok, Name, M} = compile:file(\"", file,
              "\", [binary, report]), [{module, Name} = erpc:call(To, code,"
              " load_binary, [Name, \"",
              module, ".erl\", M]) || To <- [", absl::StrJoin(nodes, ", "),
              "]], ok end)().") == "ok";
}

std::string WithoutName(const ::testing::TestParamInfo<uint64_t>& info) {
  if (info.param == 0) return "WithAllFlags";
  if (info.param == kOptionalNodeFlags) return "WithoutOptionalFlags";
  return absl::StrCat(
      "Without_", absl::StrReplaceAll(FlagNames(info.param), {{", ", "_"}}));
}

void WithoutFlagsTest::SetUp() {
  InteropTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  NodeOptions options;
  options.disabled_flags = GetParam();
  options.distribution.send_queue_bytes = 128 * 1024 * 1024;
  StartNodes(options);
  Connect(Side::kOurs);
  ASSERT_TRUE(StartEcho(node()).ok());
}

}  // namespace ringdist
