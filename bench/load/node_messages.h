// Messages of node level as terms (messages.h has them all): what goes between
// a client's processes and the server's.

#ifndef RINGDIST_BENCH_LOAD_NODE_MESSAGES_H_
#define RINGDIST_BENCH_LOAD_NODE_MESSAGES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {

struct NodeMessage {
  MessageType type = MessageType::kData;
  uint64_t stream = 0;
  uint64_t number = 0;  // Of a flood: count; of a stall: nanoseconds.
  // What a packet of this type has as its payload, for a flood and a
  // report, too.
  absl::string_view payload;
  std::optional<PidView> from;  // Of a request.
};

// To the server; from it, without `from`.
void WriteOtherMessage(TermWriter& writer, const NodeMessage& message);
inline void WriteMessage(TermWriter& writer, const NodeMessage& message) {
  if (message.type != MessageType::kData) {
    return WriteOtherMessage(writer, message);
  }
  WriteValue(writer,
             std::tuple(message.stream, message.number, message.payload));
}

// False: that is no such message. Views are into the term, or into `storage`.
bool ReadOtherMessage(const TermView& term, NodeMessage& message,
                      std::string& storage);
inline bool ReadMessage(const TermView& term, NodeMessage& message,
                        std::string& storage) {
  // Most are these: read from front to back, which is faster than matching.
  TermReader reader(term.bytes(), term.atoms());
  message.type = MessageType::kData;
  if (reader.ReadTupleHeader() == 3) {
    message.stream = reader.ReadUint64();
    message.number = reader.ReadUint64();
    message.payload = reader.ReadBinary();
    if (reader.ok()) return true;
  }
  return ReadOtherMessage(term, message, storage);
}

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_NODE_MESSAGES_H_
