#include "ringdist/tests/interop/interop_test.h"

#include <poll.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "ringdist/proto/check.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

constexpr int kLongestTurn = 1000;  // Milliseconds.

// The value, or the end of the program with the reason.
template <typename T>
T ValueOrDie(absl::StatusOr<T> result) {
  if (!result.ok()) std::cerr << result.status() << std::endl;
  RINGDIST_CHECK(result.ok());
  return *std::move(result);
}

}  // namespace

std::unique_ptr<ErlangNode> InteropTest::StartErlang(
    ErlangNodeOptions options) {
  options.directory = directory_.path();
  return ValueOrDie(ErlangNode::Start(options));
}

DistributionOptions InteropTest::OptionsFor(absl::string_view name) const {
  DistributionOptions options;
  options.name = std::string(name);
  options.cookie = ErlangNodeOptions().cookie;
  options.directory = directory_.path();
  return options;
}

bool InteropTest::RunUntil(absl::FunctionRef<bool()> condition,
                           absl::Duration limit) {
  return RunUntilOther(*reactor_, condition, limit);
}

void InteropTest::RunFor(absl::Duration time) {
  RunUntil([] { return false; }, time);
}

std::string InteropTest::EvalRunning(ErlangNode& erlang,
                                     absl::string_view expressions) {
  const int64_t evaluation = erlang.EvalAsync(expressions);
  const absl::Time deadline = absl::Now() + kLimit;
  while (!erlang.Ready(evaluation) && absl::Now() < deadline) TurnWith(erlang);
  const absl::StatusOr<std::string> value =
      erlang.Wait(evaluation, absl::ZeroDuration());
  return value.ok() ? *value : value.status().ToString();
}

// As a host with an event loop of its own: wakes at once for either of them.
void InteropTest::TurnWith(const ErlangNode& erlang) {
  pollfd either[] = {{ValueOrDie(reactor_->Descriptor()), POLLIN, 0},
                     {erlang.fd(), POLLIN, 0}};
  if (!ValueOrDie(reactor_->Prepare())) poll(either, 2, kLongestTurn);
  RINGDIST_CHECK(reactor_->RunOnce(absl::ZeroDuration()).ok());
}

RecordedNode::RecordedNode(InteropTest& test, NodeOptions options)
    : test_(test) {
  DistributionOptions& distribution = options.distribution;
  const DistributionOptions usual = test.OptionsFor("cpp@localhost");
  if (distribution.name.empty()) distribution.name = usual.name;
  if (distribution.cookie.empty()) distribution.cookie = usual.cookie;
  distribution.directory = usual.directory;
  distribution.log = [this](LogLevel, absl::string_view line) {
    absl::StrAppend(&log_, line, "\n");
  };
  options.on_node_up = [this](const PeerInfo& peer) {
    events_.push_back(absl::StrCat("up ", peer.name.full()));
  };
  options.on_node_down = [this](const PeerInfo& peer,
                                const absl::Status& reason) {
    events_.push_back(
        absl::StrCat("down ", peer.name.full(), ": ", reason.message()));
  };
  options.on_setup_failed = [this](const NodeName& peer,
                                   const absl::Status& reason) {
    events_.push_back(
        absl::StrCat("setup failed ", peer.full(), ": ", reason.message()));
  };
  options.on_named = [this](const NodeName& name, uint32_t) {
    events_.push_back(absl::StrCat("named ", name.full()));
  };
  node_ = ValueOrDie(Node::Create(test.reactor(), std::move(options)));
}

int RecordedNode::Count(absl::string_view beginning) const {
  return static_cast<int>(std::count_if(
      events_.begin(), events_.end(), [&](const std::string& event) {
        return absl::StartsWith(event, beginning);
      }));
}

absl::StatusOr<absl::Duration> RecordedNode::Ping(absl::string_view peer) {
  std::optional<absl::StatusOr<absl::Duration>> outcome;
  node_->Ping(NameOf(peer), InteropTest::kLimit / 2,
              [&](absl::StatusOr<absl::Duration> round_trip) {
                outcome = std::move(round_trip);
              });
  RINGDIST_CHECK(test_.RunUntil([&] { return outcome.has_value(); }));
  return *outcome;
}

}  // namespace ringdist
