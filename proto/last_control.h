// LastControl: the control term that a connection encoded last, with the header
// before it, kept to be written again: most messages follow another one from
// the same process to the same one.
//
//   if (last.Is(message)) {
//     atoms.BeginAgain(last.references());
//     packet.WriteBytes(last.front());
//   } else {
//     ... EncodeControl(message, writer) ...
//     last.Remember(message, front, header_size, references);
//   }
//
// Internal to distribution_encoder.h.

#ifndef RINGDIST_PROTO_LAST_CONTROL_H_
#define RINGDIST_PROTO_LAST_CONTROL_H_

#include <cstddef>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "ringdist/proto/control_message.h"

namespace ringdist {

class LastControl {
 public:
  // Whether it is the control term of `message`.
  bool Is(const ControlMessage& message) const;

  // Whether such messages are remembered: others seldom come twice.
  static bool IsWorthIt(const ControlMessage& message) {
    return std::holds_alternative<control::RegSend>(message) ||
           std::holds_alternative<control::Send>(message) ||
           std::holds_alternative<control::AliasSend>(message);
  }
  // `header` and `control` are what `message` was encoded to, but for its
  // payload: the header of the first `references` atoms.
  void Remember(const ControlMessage& message, absl::string_view header,
                absl::string_view control, size_t references);
  void Forget() { message_.emplace<control::Unknown>(); }

  // What it is of, without its payload.
  const ControlMessage& message() const { return message_; }
  // The header and the control term behind it.
  absl::string_view front() const { return front_; }
  size_t header_size() const { return header_size_; }
  size_t references() const { return references_; }

 private:
  template <typename Message>
  void KeepEnds(Message message);

  ControlMessage message_;  // Unknown: none. Its views point into texts_.
  std::string texts_;
  std::string front_;
  size_t header_size_ = 0;
  size_t references_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_LAST_CONTROL_H_
