// What the fuzzers of both roles of the handshake share.

#ifndef RINGDIST_TESTS_FUZZ_HANDSHAKE_FUZZING_H_
#define RINGDIST_TESTS_FUZZ_HANDSHAKE_FUZZING_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/cookie_digest.h"
#include "ringdist/proto/framing.h"
#include "ringdist/proto/handshake.h"
#include "ringdist/tests/testing/golden_handshake.h"
#include "ringdist/tests/testing/packets.h"

namespace ringdist {

// What holds for each step of each role.
inline void CheckStep(const HandshakeStep& step) {
  const bool failed = step.next == HandshakeStep::Next::kFailed;
  RINGDIST_CHECK_EQ(failed, !step.error.ok());
  RINGDIST_CHECK_LT(step.error.message().size(), 4096u);
  HandshakeBodies(step.send);  // Checks that they are whole packets.
}

// What holds for each connection that is up, whose last packet was `packet`:
// nobody gets there without the cookie.
inline void CheckUp(const LocalNode& local, const HandshakeResult& result,
                    absl::string_view packet) {
  const Digest digest =
      *CookieDigest(golden::kCookie, golden::kScriptChallenge);
  RINGDIST_CHECK(
      packet.size() >= kDigestSize &&
      packet.substr(packet.size() - kDigestSize) ==
          absl::string_view(reinterpret_cast<const char*>(digest.data()),
                            kDigestSize));
  RINGDIST_CHECK(!result.peer.empty() && !result.own_name.empty());
  RINGDIST_CHECK_EQ(result.flags & ~result.peer_flags, 0u);
  RINGDIST_CHECK_EQ(result.flags & ~(local.flags | kDflagNameMe), 0u);
  RINGDIST_CHECK_EQ(result.peer_flags & ~kKnownFlags, 0u);
  const uint64_t mandatory = local.protocol_version == 5
                                 ? VersionFiveFlags(local.mandatory_flags)
                                 : local.mandatory_flags;
  RINGDIST_CHECK_EQ(MissingMandatory(mandatory, result.peer_flags), 0u);
}

// Cuts `stream` into packets and gives them to `on_packet` until it returns
// false or they end.
template <typename OnPacket>
void ForEachPacket(absl::string_view stream, OnPacket on_packet) {
  PacketDecoder decoder(/*max_packet_size=*/0);
  absl::string_view packet;
  while (decoder.Next(stream, packet) == PacketDecoder::Result::kPacket) {
    if (!on_packet(packet)) return;
  }
}

}  // namespace ringdist

#endif  // RINGDIST_TESTS_FUZZ_HANDSHAKE_FUZZING_H_
