#include "ringdist/tools/node_probe.h"

#include <iterator>
#include <tuple>

#include "absl/strings/string_view.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

double PerSecond(uint64_t before, uint64_t now, absl::Duration time) {
  if (now <= before || time <= absl::ZeroDuration()) return 0;
  return static_cast<double>(now - before) / absl::ToDoubleSeconds(time);
}

// Functions of the module erlang and their argument.
struct Question {
  absl::string_view function;
  absl::string_view item;
};
constexpr Question kQuestions[] = {{"statistics", "total_run_queue_lengths"},
                                   {"system_info", "process_count"},
                                   {"memory", "total"},
                                   {"statistics", "io"}};

}  // namespace

NodeProbe::NodeProbe(Reactor& reactor, Node& node, NodeName peer,
                     absl::Duration timeout)
    : reactor_(reactor),
      node_(node),
      peer_(std::move(peer)),
      timeout_(timeout) {}

void NodeProbe::OnUp() {
  if (questions_ == Questions::kRefused) questions_ = Questions::kAnswered;
  pong_.reset();
  known_ = {};
  io_.reset();
  last_answer_ = reactor_.Now();
  traffic_time_ = reactor_.Now();
  traffic_ = node_.distribution().Find(peer_).statistics();
}

void NodeProbe::Ask() {
  if (pinging_) return;
  pinging_ = true;
  node_.Ping(
      peer_, timeout_,
      [this](const absl::StatusOr<absl::Duration>& pong) { OnPong(pong); });
}

void NodeProbe::OnPong(const absl::StatusOr<absl::Duration>& pong) {
  pinging_ = false;
  if (!pong.ok()) return;
  pong_ = *pong;
  last_answer_ = reactor_.Now();
  if (questions_ != Questions::kAnswered) return;
  question_ = 0;
  AskQuestion();
}

void NodeProbe::AskQuestion() {
  if (question_ == std::size(kQuestions)) {
    questions_ = Questions::kAnswered;
    return;
  }
  questions_ = Questions::kOpen;
  const Question& question = kQuestions[question_];
  node_.Call(peer_.full(), "erlang", question.function,
             std::make_tuple(Atom(question.item)), timeout_,
             [this](const CallResult& answer) { OnAnswer(answer); });
}

void NodeProbe::OnAnswer(const CallResult& answer) {
  if (answer.ok()) {
    Take(answer.value());
    ++question_;
    AskQuestion();
  } else {
    questions_ = answer.exception() != nullptr ? Questions::kRefused
                                               : Questions::kAnswered;
  }
}

void NodeProbe::Take(const TermView& value) {
  switch (question_) {
    case 0:
      known_.run_queue = value.AsUint64();
      break;
    case 1:
      known_.processes = value.AsUint64();
      break;
    case 2:
      known_.memory = value.AsUint64();
      break;
    default:
      TakeIo(value);
  }
}

void NodeProbe::TakeIo(const TermView& value) {
  Io io = {.time = reactor_.Now()};
  if (!Matches(value, std::tuple(std::tuple(Atom("input"), &io.in),
                                 std::tuple(Atom("output"), &io.out)))) {
    return;
  }
  if (io_.has_value()) {
    known_.io_in = PerSecond(io_->in, io.in, io.time - io_->time);
    known_.io_out = PerSecond(io_->out, io.out, io.time - io_->time);
  }
  io_ = io;
}

std::optional<WatchSample> NodeProbe::TakeSample() {
  if (!pong_.has_value()) return std::nullopt;
  WatchSample sample = known_;
  sample.round_trip = *std::exchange(pong_, std::nullopt);
  MeasureConnection(sample);
  return sample;
}

void NodeProbe::MeasureConnection(WatchSample& sample) {
  const absl::Time now = reactor_.Now();
  const absl::Duration time = now - traffic_time_;
  const ChannelStatistics traffic =
      node_.distribution().Find(peer_).statistics();
  sample.packets_in = PerSecond(traffic_.packets_in, traffic.packets_in, time);
  sample.packets_out =
      PerSecond(traffic_.packets_out, traffic.packets_out, time);
  sample.bytes_in = PerSecond(traffic_.bytes_in, traffic.bytes_in, time);
  sample.bytes_out = PerSecond(traffic_.bytes_out, traffic.bytes_out, time);
  traffic_ = traffic;
  traffic_time_ = now;
}

}  // namespace ringdist
