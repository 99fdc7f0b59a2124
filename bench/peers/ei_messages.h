// Messages of node level (bench/load/messages.h) as ei encodes and decodes
// them.

#ifndef RINGDIST_BENCH_PEERS_EI_MESSAGES_H_
#define RINGDIST_BENCH_PEERS_EI_MESSAGES_H_

#include <ei.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ringdist/bench/load/messages.h"

namespace ringdist {

struct EiMessage {
  MessageType type = MessageType::kData;
  uint64_t stream = 0;
  uint64_t number = 0;  // Of a flood: count; of a stall: nanoseconds.
  // As a packet of this type has it, for a flood and a report, too.
  absl::string_view payload;
};

// Encodes one message after the other into the same memory: what it returns is
// valid until the next one.
class EiEncoder {
 public:
  // To the server.
  absl::string_view Request(const EiMessage& message, const erlang_pid& from);
  // From it, and data to it.
  absl::string_view Answer(const EiMessage& message);
  // Of ringdist_load:echo/1: a list, without a version byte.
  absl::string_view CallArguments(absl::string_view payload);

 private:
  // Makes room for a message with such a payload, and begins it.
  char* Begin(absl::string_view payload);
  void Atom(absl::string_view name);
  void Number(uint64_t number);
  void Binary(absl::string_view bytes);
  void Report(absl::string_view payload);
  absl::string_view Done() const {
    return {bytes_.data(), static_cast<size_t>(at_)};
  }

  std::vector<char> bytes_;
  int at_ = 0;
};

// False: that is no such message. Views are into `bytes`, or into `storage`.
// `from` is who sent a request.
bool DecodeEiMessage(absl::string_view bytes, EiMessage& message,
                     erlang_pid& from, std::string& storage);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_EI_MESSAGES_H_
