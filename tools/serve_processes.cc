#include "ringdist/tools/serve_processes.h"

#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "ringdist/proto/check.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

void SpawnAs(Node& node, absl::string_view name, MessageHandler handler) {
  ProcessOptions options;
  options.at_mailbox_limit = MailboxLimitAction::kPause;
  const Pid pid = node.Spawn(std::move(handler), std::move(options));
  const absl::Status registered = node.Register(name, pid);
  RINGDIST_CHECK(registered.ok());  // The node is new.
}

void ExportFunctions(Node& node) {
  const absl::Status echo =
      node.Export("ringdist", "echo", [](const Term& term) { return term; });
  RINGDIST_CHECK(echo.ok());  // The node is new.
  const absl::Status sum =
      node.Export("ringdist", "sum", [](const std::vector<double>& numbers) {
        return std::accumulate(numbers.begin(), numbers.end(), 0.0);
      });
  RINGDIST_CHECK(sum.ok());
}

}  // namespace

PatientSender::PatientSender(Reactor& reactor, Node& node)
    : node_(node),
      retry_(reactor, ReactorCallback::To<&PatientSender::Retry>(this)) {}

void PatientSender::Send(Process& self, const PidView& to,
                         const TermView& answer) {
  // Other errors are those of a message to nobody.
  if (!absl::IsResourceExhausted(self.Send(to, answer))) return;
  process_ = self;
  to_ = Pid(to);
  answer_ = answer;
  self.Pause();
  // Nothing tells when there is room for processes of this node.
  if (to_.node == node_.name().full()) retry_.Schedule();
}

void PatientSender::OnWritable(absl::string_view node) {
  if (to_.node == node) Retry();
}

void PatientSender::OnLost(absl::string_view node) {
  if (to_.node == node) GoOn();
}

void PatientSender::Retry() {
  if (!absl::IsResourceExhausted(process_.Send(to_, answer_))) return GoOn();
  if (to_.node == node_.name().full()) retry_.Schedule();
}

void PatientSender::GoOn() {
  to_ = Pid();
  answer_ = Term();
  std::exchange(process_, Process()).Resume();
}

ServeProcesses::ServeProcesses(Reactor& reactor, Node& node)
    : echo_sender_(reactor, node), sink_sender_(reactor, node) {
  SpawnAs(node, "echo", [this](Process& self, const TermView& message) {
    Echo(self, message);
  });
  SpawnAs(node, "sink", [this](Process& self, const TermView& message) {
    Count(self, message);
  });
  ExportFunctions(node);
}

void ServeProcesses::OnWritable(const NodeName& peer) {
  echo_sender_.OnWritable(peer.full());
  sink_sender_.OnWritable(peer.full());
}

void ServeProcesses::OnLost(const NodeName& peer) {
  echo_sender_.OnLost(peer.full());
  sink_sender_.OnLost(peer.full());
}

void ServeProcesses::Echo(Process& self, const TermView& message) {
  PidView to;
  TermView term;
  if (!Matches(message, std::tuple(&to, &term))) return;
  echo_sender_.Send(self, to, term);
}

void ServeProcesses::Count(Process& self, const TermView& message) {
  PidView to;
  if (!Matches(message, std::tuple(&to, Atom("count")))) {
    ++messages_;
    bytes_ += message.bytes().size();
    return;
  }
  const Term count = MakeTerm(std::tuple(
      Atom("count"), std::exchange(messages_, 0), std::exchange(bytes_, 0)));
  sink_sender_.Send(self, to, count);
}

}  // namespace ringdist
