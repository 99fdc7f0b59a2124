// CaptureSink: the bytes of connections, as they come and go, for who wants to
// look at them later. The embedder gives one, or none, and then they cost
// nothing.
//
//   options.capture = [&](uint64_t connection, CaptureDirection direction,
//                         absl::string_view bytes) {
//     file.Write(absl::Now(), connection, direction, bytes);
//   };
//
// `connection` is Channel::id(). Bytes are told in order, from the handshake's
// first on: received ones when they arrive, sent ones when the kernel is asked
// to take them. So what answers something is told after it; and what was told
// as sent last need not have arrived, if the connection broke.
//
// Beware: with the digests of a handshake one can try out cookies.
//
// Called on the reactor's thread, where it must not call the node. The view is
// valid until the call returns.

#ifndef RINGDIST_RUNTIME_CAPTURE_H_
#define RINGDIST_RUNTIME_CAPTURE_H_

#include <cstdint>
#include <functional>

#include "absl/strings/string_view.h"

namespace ringdist {

enum class CaptureDirection : uint8_t {
  kReceived = 0,
  kSent = 1,
};

using CaptureSink = std::function<void(
    uint64_t connection, CaptureDirection direction, absl::string_view bytes)>;

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_CAPTURE_H_
