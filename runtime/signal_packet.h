// WriteSignalPacket: a signal that waits, in the form that needs to know
// nothing of the connection it will go out on, `70 83 <control> [83
// <payload>]`; DecodePassThrough reads it. Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_SIGNAL_PACKET_H_
#define RINGDIST_RUNTIME_SIGNAL_PACKET_H_

#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_encoder.h"

namespace ringdist {

// For signals that have none.
inline void NoPayload(TermWriter&) {}

// The payload is the one in `signal`, or if that is empty what `payload`
// writes.
void WriteSignalPacket(const ControlMessage& signal, PayloadWriter payload,
                       ByteWriter& out);

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_SIGNAL_PACKET_H_
