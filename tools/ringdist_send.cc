#include "ringdist/tools/ringdist_send.h"

#include <memory>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tools/ringdist_output.h"
#include "ringdist/tools/visit.h"

namespace ringdist {
namespace {

constexpr char kDescription[] =
    "Sends a message to a registered process.\n"
    "\n"
    "Connects, as a hidden node that does not listen, sends the term, and "
    "waits\n"
    "until the other node has taken it.\n";

constexpr char kExamples[] =
    "Examples:\n"
    "    ringdist send srv@localhost logger '{log, info, \"started\"}' \\\n"
    "        --dir=/run/nodes\n"
    "  A term that begins with - comes behind --:\n"
    "    ringdist send srv@localhost counter --dir=/run/nodes -- -1\n"
    "\n"
    "Exit status: 0 if the other node has taken the message, 1 if it could not "
    "be\n"
    "sent or nobody has that name, 2 if the command line is wrong.";

void ValidateSendFlags(SendFlags& flags) {
  if (flags.term.empty()) {
    ThrowUsageError(absl::StrCat(flags.peer.empty()   ? "NODE"
                                 : flags.name.empty() ? "REGISTERED_NAME"
                                                      : "TERM",
                                 " is missing; write, say, ringdist send "
                                 "srv@localhost echo '{hello, 1}'"));
  }
  CompleteVisitor(flags.node, flags.peer);
}

// The command while it runs. A ping first, which connects and tells why if it
// cannot; then the message, monitoring its receiver, so that a name that nobody
// has is told; then a ping again, whose answer comes after all of that.
class Sender {
 public:
  // Its arguments outlive it.
  Sender(Reactor& reactor, const SendFlags& flags);

  absl::Status Start();

  // OK, or why it was not sent, or that could not be told.
  const absl::Status& status() const {
    return status_.ok() ? output_.status() : status_;
  }
  ExitStatus exit_status() const { return kSuccess; }

 private:
  void OnConnected(const absl::StatusOr<absl::Duration>& pong);
  void OnMessage(const TermView& message);
  void Confirm();
  void OnConfirmed(const absl::StatusOr<absl::Duration>& pong);
  void End(absl::Status status);

  Reactor& reactor_;
  const SendFlags& flags_;
  const NodeName peer_;
  Output output_;
  absl::Status status_;
  bool waits_for_room_ = false;
  bool was_all_handed_over_ = false;  // When the last ping was sent.
  Process process_;
  // Goes first: until it is gone it may call back.
  std::unique_ptr<Node> node_;
};

Sender::Sender(Reactor& reactor, const SendFlags& flags)
    : reactor_(reactor),
      flags_(flags),
      peer_(*NodeName::Parse(flags.peer)),
      output_(flags.node.format, [&reactor] { reactor.Stop(); }) {}

absl::Status Sender::Start() {
  NodeOptions options;
  options.on_writable = [this](const NodeName&) {
    if (std::exchange(waits_for_room_, false)) Confirm();
  };
  absl::StatusOr<std::unique_ptr<Node>> node =
      CreateVisitor(reactor_, flags_.node, std::move(options));
  if (!node.ok()) return node.status();
  node_ = *std::move(node);
  node_->Ping(peer_, flags_.timeout,
              [this](const absl::StatusOr<absl::Duration>& pong) {
                OnConnected(pong);
              });
  return absl::OkStatus();
}

void Sender::OnConnected(const absl::StatusOr<absl::Duration>& pong) {
  if (!pong.ok()) return End(pong.status());
  // Only now: a node without a name has got one.
  process_ = node_->Find(node_->Spawn(
      [this](Process&, const TermView& message) { OnMessage(message); }));
  const NameAt to = {flags_.name, flags_.peer};
  process_.Monitor(to);
  const absl::Status sent = process_.Send(to, flags_.term);
  if (!sent.ok()) return End(sent);
  Confirm();
}

void Sender::OnMessage(const TermView& message) {
  // {'DOWN', Ref, process, {Name, Node}, Reason}; what it dies of later is its
  // own affair.
  const bool nobody = Matches(
      message, std::tuple(Atom("DOWN"), Any(), Any(), Any(), Atom("noproc")));
  if (!nobody) return;
  End(absl::NotFoundError(absl::StrCat("no process is registered as ",
                                       flags_.name, " at ", flags_.peer)));
}

// A ping overtakes a large message, which is sent in fragments. What is handed
// over to the connection it does not overtake.
void Sender::Confirm() {
  was_all_handed_over_ = node_->statistics().waiting_bytes == 0;
  node_->Ping(peer_, flags_.timeout,
              [this](const absl::StatusOr<absl::Duration>& pong) {
                OnConfirmed(pong);
              });
}

void Sender::OnConfirmed(const absl::StatusOr<absl::Duration>& pong) {
  if (!status_.ok()) return;
  if (absl::IsResourceExhausted(pong.status())) {
    waits_for_room_ = true;
    return;
  }
  if (!pong.ok()) {
    return End(absl::Status(
        pong.status().code(),
        absl::StrCat("the message may be lost: ", pong.status().message())));
  }
  if (!was_all_handed_over_) return Confirm();
  output_.Print(
      absl::StrCat("sent to ", flags_.name, " at ", flags_.peer),
      {{"event", "sent"}, {"node", flags_.peer}, {"name", flags_.name}});
  End(absl::OkStatus());
}

void Sender::End(absl::Status status) {
  status_ = std::move(status);
  reactor_.Stop();
}

}  // namespace

CLI::App& AddSendCommand(CLI::App& app, SendFlags& flags) {
  CLI::App& send = *app.add_subcommand("send", kDescription);
  send.group("Commands");
  AddFlag(send, "NODE", "", "The node of the process, alive@host.",
          [&flags](const std::string& text) {
            return ParseNode(text, flags.peer);
          });
  AddFlag(send, "REGISTERED_NAME", "", "The name of the process.",
          [&flags](const std::string& text) {
            return ParseAtom(text, flags.name);
          });
  AddFlag(send, "TERM", "", "What to send, in Erlang's syntax.",
          [&flags](const std::string& text) {
            return ParseTermText(text, flags.term);
          });
  AddVisitorFlags(send, flags.node, flags.timeout,
                  "How long connecting may take, and then to be\n"
                  "told that the message was taken. Default: 7s.");
  AddNodeFlags(send, flags.node);
  send.footer(kExamples);
  send.callback([&flags] { ValidateSendFlags(flags); });
  return send;
}

int RunSend(const SendFlags& flags) { return RunVisit<Sender>(flags); }

}  // namespace ringdist
