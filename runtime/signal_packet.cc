#include "ringdist/runtime/signal_packet.h"

#include "ringdist/proto/term_writer.h"

namespace ringdist {

void WriteSignalPacket(const ControlMessage& signal, PayloadWriter payload,
                       ByteWriter& out) {
  constexpr uint8_t kPassThrough = 112;
  TermWriter writer(out);
  out.WriteU8(kPassThrough);
  writer.WriteVersion();
  EncodeControl(signal, writer);
  const TermView* const field = PayloadOf(signal);
  if (field == nullptr) return;
  writer.WriteVersion();
  field->empty() ? payload(writer) : writer.WriteTerm(*field);
}

}  // namespace ringdist
