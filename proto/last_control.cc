#include "ringdist/proto/last_control.h"

#include <optional>
#include <variant>

namespace ringdist {
namespace {

template <typename Message>
bool HasEnds(const Message& message, const ControlMessage& other) {
  const auto* o = std::get_if<Message>(&other);
  return o != nullptr && o->token.empty() && message.from == o->from &&
         message.to == o->to;
}

// The name that a field holds; of none, one that is thrown away.
AtomView& NameIn(AtomView& name, AtomView&) { return name; }
AtomView& NameIn(PidView& pid, AtomView&) { return pid.node; }
AtomView& NameIn(ReferenceView& alias, AtomView&) { return alias.node; }
AtomView& NameIn(std::optional<PidView>& pid, AtomView& none) {
  return pid.has_value() ? pid->node : none;
}

}  // namespace

bool LastControl::Is(const ControlMessage& message) const {
  if (const auto* send = std::get_if<control::RegSend>(&message_)) {
    return HasEnds(*send, message);
  }
  if (const auto* send = std::get_if<control::Send>(&message_)) {
    return HasEnds(*send, message);
  }
  if (const auto* send = std::get_if<control::AliasSend>(&message_)) {
    return HasEnds(*send, message);
  }
  return false;
}

void LastControl::Remember(const ControlMessage& message,
                           absl::string_view header, absl::string_view control,
                           size_t references) {
  Forget();
  if (std::holds_alternative<control::RegSend>(message)) {
    KeepEnds(std::get<control::RegSend>(message));
  } else if (std::holds_alternative<control::Send>(message)) {
    KeepEnds(std::get<control::Send>(message));
  } else if (std::holds_alternative<control::AliasSend>(message)) {
    KeepEnds(std::get<control::AliasSend>(message));
  }
  front_.assign(header.data(), header.size());
  front_.append(control.data(), control.size());
  header_size_ = header.size();
  references_ = references;
}

template <typename Message>
void LastControl::KeepEnds(Message message) {
  if (!message.token.empty()) return;
  message.message = TermView();
  AtomView none;
  AtomView& from = NameIn(message.from, none);
  AtomView& to = NameIn(message.to, none);
  if (from.latin1() || to.latin1()) return;  // Of old nodes.
  const size_t from_size = from.bytes().size();
  texts_.assign(from.bytes().data(), from_size);
  texts_.append(to.bytes().data(), to.bytes().size());
  const absl::string_view texts = texts_;
  from = AtomView::Utf8(texts.substr(0, from_size));
  to = AtomView::Utf8(texts.substr(from_size));
  message_ = message;
}

}  // namespace ringdist
