// ConnectionDump: the captured bytes of one connection, told in words: the
// handshake, then control messages with their terms, fragments, and ticks.
//
//   ConnectionDump dump(/*max_bytes=*/200, print);
//   dump.Take(CaptureDirection::kReceived, bytes);
//   ...
//   dump.Finish();
//
// It must be given the connection from its first byte on: who sends first is
// the initiator, the flags that both announce tell how the rest is to be read,
// and atoms are sent once and then referred to.
//
// Where a direction cannot be decoded it is told why, and no more of it is: the
// other direction goes on.

#ifndef RINGDIST_TOOLS_CONNECTION_DUMP_H_
#define RINGDIST_TOOLS_CONNECTION_DUMP_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_decoder.h"
#include "ringdist/proto/framing.h"
#include "ringdist/proto/handshake_messages.h"
#include "ringdist/runtime/capture.h"
#include "ringdist/tools/ringdist_output.h"

namespace ringdist {

class ConnectionDump {
 public:
  // Told of each thing in its order: in words, and as an object.
  using Print = std::function<void(
      CaptureDirection direction, const std::string& words, const Json& event)>;

  // Shows up to `max_bytes` of a term.
  ConnectionDump(size_t max_bytes, Print print);

  void Take(CaptureDirection direction, absl::string_view bytes);
  // The capture is over: tells what is cut off by that.
  void Finish();

  // Whether something could not be decoded.
  bool failed() const { return failed_; }

 private:
  struct Side {
    Side();

    PacketDecoder decoder;
    uint64_t taken = 0;   // Bytes of the stream.
    uint64_t at = 0;      // Where in it the next packet begins, at the latest.
    bool failed = false;  // Nothing more of it is decoded.
    // Since the handshake's last message of this side.
    std::optional<DistributionDecoder> signals;
  };

  Side& SideOf(CaptureDirection direction) {
    return sides_[static_cast<size_t>(direction)];
  }

  absl::Status TakeOfInitiator(CaptureDirection direction,
                               absl::string_view packet);
  absl::Status TakeOfAcceptor(CaptureDirection direction,
                              absl::string_view packet);
  void Learn(const SendName& name);
  void Learn(const Challenge& challenge);
  // The handshake's last message of this direction.
  absl::Status SwitchToData(CaptureDirection direction);

  absl::Status TakePacket(CaptureDirection direction, absl::string_view packet);
  void PrintFragment(CaptureDirection direction, absl::string_view packet);
  void PrintSignal(CaptureDirection direction, const ControlMessage& signal,
                   const absl::Status& payload);
  void Fail(CaptureDirection direction, const absl::Status& why);

  // Prints a message of the handshake, if it could be decoded.
  template <typename Message>
  absl::Status PrintHandshake(CaptureDirection direction,
                              const absl::StatusOr<Message>& message);

  const size_t max_bytes_;
  const Print print_;
  std::array<Side, 2> sides_;
  std::optional<CaptureDirection> initiator_;
  // As announced. Empty names are not known yet.
  std::string initiator_name_, acceptor_name_;
  uint64_t initiator_flags_ = 0, acceptor_flags_ = 0;
  bool failed_ = false;
};

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_CONNECTION_DUMP_H_
