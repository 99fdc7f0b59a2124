#include "ringdist/runtime/node_duties.h"

#include <optional>
#include <variant>

#include "ringdist/proto/bytes.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {
namespace {

absl::Status Send(const ControlMessage& message, Channel& channel) {
  PacketWriter packet = channel.BeginPacket();
  EncodePassThrough(message, packet);
  return packet.Commit();
}

// A term of one atom, for as long as this lives.
class AtomTerm {
 public:
  explicit AtomTerm(absl::string_view text) {
    TermWriter(bytes_).WriteAtom(text);
  }
  TermView view() const { return TermView::Trusted(bytes_.view(), {}); }

 private:
  StringWriter bytes_;
};

// The reference of an alias in the tag of a call, [alias | Ref] or
// [[alias | Ref] | _]: where the answer must go, or it would litter the mailbox
// of a caller that has given up.
std::optional<ReferenceView> AliasOf(TermView tag) {
  // No deeper than these two forms: what a peer nests in a tag has no limit.
  for (int form = 1; form <= 2 && tag.type() == TermType::kList; ++form) {
    TermElements elements = tag.elements();
    TermView first;
    elements.Next(first);
    if (first.IsAtom("alias")) return elements.Tail().AsReference();
    tag = first;
  }
  return std::nullopt;
}

// {Tag, yes} as the answer of a gen_server to {Pid, Tag}.
absl::Status AnswerYes(const PidView& self, const PidView& to,
                       const TermView& tag, Channel& channel) {
  StringWriter bytes;
  TermWriter term(bytes);
  term.WriteTupleHeader(2);
  term.WriteTerm(tag);
  term.WriteAtom("yes");
  const TermView answer = TermView::Trusted(bytes.view(), {});
  const std::optional<ReferenceView> alias = AliasOf(tag);
  if (alias.has_value() && (channel.peer().flags & kDflagAlias) != 0) {
    return Send(
        control::AliasSend{
            .from = self, .to = *alias, .token = {}, .message = answer},
        channel);
  }
  return Send(
      control::Send{.from = {}, .to = to, .token = {}, .message = answer},
      channel);
}

absl::Status AnswerNetKernel(const control::RegSend& message,
                             Channel& channel) {
  if (!message.message.IsTuple(3)) return absl::OkStatus();
  TermElements call = message.message.elements();
  TermView word;
  TermView from;
  TermView request;
  call.Next(word);
  call.Next(from);
  call.Next(request);
  if (!word.IsAtom("$gen_call") || !from.IsTuple(2) || !request.IsTuple(2)) {
    return absl::OkStatus();
  }
  TermElements from_elements = from.elements();
  TermView caller;
  TermView tag;
  from_elements.Next(caller);
  from_elements.Next(tag);
  TermView is_auth;
  request.elements().Next(is_auth);
  const std::optional<PidView> pid = caller.AsPid();
  if (!pid.has_value() || !is_auth.IsAtom("is_auth")) return absl::OkStatus();
  return AnswerYes(message.from, *pid, tag, channel);
}

// The answer to each operation that has one.
struct Duties {
  Channel& channel;

  absl::Status operator()(const control::RegSend& message) const {
    return message.to == "net_kernel" ? AnswerNetKernel(message, channel)
                                      : absl::OkStatus();
  }
  absl::Status operator()(const control::Link& link) const {
    const AtomTerm noproc("noproc");
    return Send(control::Exit{.from = link.to,
                              .to = link.from,
                              .token = {},
                              .reason = noproc.view()},
                channel);
  }
  absl::Status operator()(const control::MonitorP& monitor) const {
    const AtomView* const name = std::get_if<AtomView>(&monitor.to);
    // What answers as net_kernel is there as long as the connection is.
    if (name != nullptr && *name == "net_kernel") return absl::OkStatus();
    const AtomTerm noproc("noproc");
    return Send(control::MonitorPExit{.from = monitor.to,
                                      .to = monitor.from,
                                      .reference = monitor.reference,
                                      .reason = noproc.view()},
                channel);
  }
  absl::Status operator()(const control::UnlinkId& unlink) const {
    return Send(
        control::UnlinkIdAck{
            .id = unlink.id, .from = unlink.to, .to = unlink.from},
        channel);
  }
  absl::Status operator()(const control::SpawnRequest& request) const {
    return Send(control::SpawnReply{.id = request.id,
                                    .to = request.from,
                                    .flags = 0,
                                    .result = AtomView::Utf8("notsup"),
                                    .token = {}},
                channel);
  }
  template <typename Other>
  absl::Status operator()(const Other&) const {
    return absl::OkStatus();
  }
};

}  // namespace

bool AnswerNeedsPayload(const ControlMessage& message) {
  if (const auto* send = std::get_if<control::RegSend>(&message)) {
    return send->to == "net_kernel";
  }
  // A real node's new process would be given it.
  return std::holds_alternative<control::SpawnRequest>(message);
}

absl::Status AnswerDuties(const ControlMessage& message, Channel& channel) {
  return std::visit(Duties{channel}, message);
}

}  // namespace ringdist
