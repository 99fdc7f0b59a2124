#include "ringdist/proto/control_message.h"

#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/control_operation.h"

namespace ringdist {
namespace {

template <typename View, typename Message>
View* FindPayload(Message& message) {
  return std::visit(
      [](auto& m) -> View* {
        if constexpr (requires { m.message; }) {
          return &m.message;
        } else if constexpr (requires { m.arguments; }) {
          return &m.arguments;
        } else if constexpr (requires { m.reason_is_payload; }) {
          return m.reason_is_payload ? &m.reason : nullptr;
        } else {
          return nullptr;
        }
      },
      message);
}

// Checks whose processes a message speaks of.
class Checker {
 public:
  Checker(const ControlMessage& message, absl::string_view peer,
          absl::string_view own)
      : message_(message), peer_(peer), own_(own) {}

  absl::Status operator()(const control::Unknown& m) const {
    return absl::InvalidArgumentError(
        absl::StrCat("control message: there is no operation ", m.operation));
  }
  absl::Status operator()(const control::Link& m) const { return FromTo(m); }
  absl::Status operator()(const control::Unlink& m) const { return FromTo(m); }
  absl::Status operator()(const control::UnlinkId& m) const {
    return FromTo(m);
  }
  absl::Status operator()(const control::UnlinkIdAck& m) const {
    return FromTo(m);
  }
  absl::Status operator()(const control::Exit& m) const { return FromTo(m); }
  absl::Status operator()(const control::Exit2& m) const { return FromTo(m); }
  absl::Status operator()(const control::MonitorP& m) const {
    return Monitor(m);
  }
  absl::Status operator()(const control::DemonitorP& m) const {
    return Monitor(m);
  }
  absl::Status operator()(const control::MonitorPExit& m) const {
    const auto* pid = std::get_if<PidView>(&m.from);
    if (pid != nullptr && pid->node == own_) return Wrong("from", *pid);
    return To(m.to);
  }
  absl::Status operator()(const control::SpawnRequest& m) const {
    if (m.id.node == own_) return Wrong("id", m.id);
    if (m.from.node == own_) return Wrong("from", m.from);
    return absl::OkStatus();
  }
  absl::Status operator()(const control::SpawnReply& m) const {
    if (m.id.node != own_) return Wrong("id", m.id);
    const auto* pid = std::get_if<PidView>(&m.result);
    if (pid != nullptr && pid->node == own_) return Wrong("result", *pid);
    return To(m.to);
  }
  // Messages, and a new group leader, may be from anyone and to anyone.
  absl::Status operator()(const control::Send&) const {
    return absl::OkStatus();
  }
  absl::Status operator()(const control::RegSend&) const {
    return absl::OkStatus();
  }
  absl::Status operator()(const control::AliasSend&) const {
    return absl::OkStatus();
  }
  absl::Status operator()(const control::AltactSend&) const {
    return absl::OkStatus();
  }
  absl::Status operator()(const control::GroupLeader&) const {
    return absl::OkStatus();
  }

 private:
  template <typename Message>
  absl::Status FromTo(const Message& m) const {
    return m.from.node == peer_ ? To(m.to) : Wrong("from", m.from);
  }
  template <typename Message>
  absl::Status Monitor(const Message& m) const {
    if (m.from.node != peer_) return Wrong("from", m.from);
    const auto* pid = std::get_if<PidView>(&m.to);
    return pid == nullptr ? absl::OkStatus() : To(*pid);
  }
  absl::Status To(const PidView& pid) const {
    return pid.node == own_ ? absl::OkStatus() : Wrong("to", pid);
  }
  template <typename Identifier>
  absl::Status Wrong(absl::string_view field, const Identifier& id) const {
    return absl::InvalidArgumentError(absl::StrCat(
        "control message ", NameOf(message_), " of ", peer_, " to ", own_, ": ",
        field, " ", id.ToString(), " is of a node that it cannot be of"));
  }

  const ControlMessage& message_;
  absl::string_view peer_;
  absl::string_view own_;
};

std::string Text(const AtomView& atom) {
  return absl::Utf8SafeCEscape(atom.ToString());
}
std::string Text(const PidView& pid) { return pid.ToString(); }
std::string Text(const ReferenceView& id) { return id.ToString(); }
template <typename... Ts>
std::string Text(const std::variant<Ts...>& one) {
  return std::visit([](const auto& value) { return Text(value); }, one);
}
// What a term is, in a few words.
std::string Text(const TermView& term) {
  if (const auto atom = term.AsAtom(); atom.has_value()) return Text(*atom);
  if (const auto number = term.AsInt64(); number.has_value()) {
    return absl::StrCat(*number);
  }
  return absl::StrCat(TermTypeName(term.type()), " of ", term.bytes().size(),
                      " bytes");
}

// The fields that a message has, one after the other, in one order for all.
template <typename Message>
std::string FieldsText(const Message& m) {
  std::string text;
  if constexpr (requires { m.operation; }) {
    absl::StrAppend(&text, " ", m.operation, ": ", Text(m.control));
  }
  if constexpr (requires { m.id.word_count; }) {
    absl::StrAppend(&text, " ", Text(m.id));
  } else if constexpr (requires { m.id; }) {
    absl::StrAppend(&text, " ", m.id);
  }
  if constexpr (requires { m.from.has_value(); }) {
    if (m.from.has_value()) absl::StrAppend(&text, " from ", Text(*m.from));
  } else if constexpr (requires { m.from; }) {
    absl::StrAppend(&text, " from ", Text(m.from));
  }
  if constexpr (requires { m.to; }) {
    absl::StrAppend(&text, " to ", Text(m.to));
  }
  if constexpr (requires { m.reference; }) {
    absl::StrAppend(&text, " ref ", Text(m.reference));
  }
  if constexpr (requires { m.group_leader; }) {
    absl::StrAppend(&text, " of ", Text(m.module), ":", Text(m.function), "/",
                    m.arity, " group leader ", Text(m.group_leader),
                    " options ", Text(m.options));
  }
  if constexpr (requires { m.priority; }) {
    absl::StrAppend(&text, m.priority ? " with priority" : "",
                    m.exit ? " as exit signal" : "");
  }
  if constexpr (requires { m.result; }) {
    absl::StrAppend(&text, " flags ", m.flags, " result ", Text(m.result));
  }
  if constexpr (requires { m.token; }) {
    if (!m.token.empty()) absl::StrAppend(&text, " token ", Text(m.token));
  }
  if constexpr (requires { m.reason; }) {
    absl::StrAppend(&text, " reason ", Text(m.reason));
  } else if constexpr (requires { m.message; }) {
    absl::StrAppend(&text, ": ", Text(m.message));
  } else if constexpr (requires { m.arguments; }) {
    absl::StrAppend(&text, ": ", Text(m.arguments));
  }
  return text;
}

}  // namespace

TermView* PayloadOf(ControlMessage& message) {
  return FindPayload<TermView>(message);
}

const TermView* PayloadOf(const ControlMessage& message) {
  return FindPayload<const TermView>(message);
}

absl::Status CheckControlMessage(const ControlMessage& message,
                                 absl::string_view peer,
                                 absl::string_view own) {
  return std::visit(Checker(message, peer, own), message);
}

std::string ToString(const ControlMessage& message) {
  return absl::StrCat(
      NameOf(message),
      std::visit([](const auto& m) { return FieldsText(m); }, message));
}

}  // namespace ringdist
