// HandshakeInitiator against any acceptor.
//
// Input: a byte of options, and what the acceptor sends. Options, from bit 0:
// 1 protocol version 5; 2 without a name; 4 the peer's version is unknown;
// 8 no longer pending when asked; 16 OTP 26's mandatory flags.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "ringdist/tests/fuzz/handshake_fuzzing.h"

namespace ringdist {
namespace {

using Next = HandshakeStep::Next;

LocalNode LocalOf(uint8_t options) {
  LocalNode local;
  if (options & 2) {
    local.host = "localhost";
  } else {
    local.name = *NodeName::Parse("cpp@localhost");
    local.creation = golden::kInitiatorCreation;
  }
  local.cookie = std::string(golden::kCookie);
  local.protocol_version = options & 1 ? 5 : 6;
  if (options & 16) local.mandatory_flags = kMandatoryOtp26;
  return local;
}

void Run(absl::string_view input) {
  if (input.empty()) return;
  const auto options = static_cast<uint8_t>(input[0]);
  const LocalNode local = LocalOf(options);
  const NodeName peer = *NodeName::Parse("srv@localhost");
  HandshakeInitiator handshake(
      local, peer, options & 4 ? std::nullopt : std::optional<int>(6),
      golden::kScriptChallenge);
  HandshakeStep step = handshake.Start();
  CheckStep(step);
  if (step.next == Next::kFailed) return;
  ForEachPacket(input.substr(1), [&](absl::string_view packet) {
    step = handshake.OnPacket(packet);
    CheckStep(step);
    if (step.next == Next::kAskStillPending) {
      step = handshake.AnswerStillPending((options & 8) == 0);
      CheckStep(step);
    }
    RINGDIST_CHECK(!handshake.Awaits().empty());
    if (step.next == Next::kUp) {
      CheckUp(local, handshake.result(), packet);
      RINGDIST_CHECK(handshake.result().peer == peer);
    }
    return step.next == Next::kWaitForPacket ||
           step.next == Next::kWaitToBeSuperseded;
  });
}

}  // namespace
}  // namespace ringdist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringdist::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
