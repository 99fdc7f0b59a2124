// A whole handshake, both roles, from send_name to the acknowledgement, without
// I/O; and the digest alone, of which it needs four.

#include <benchmark/benchmark.h>

#include <string>

#include "absl/strings/string_view.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/cookie_digest.h"
#include "ringdist/proto/framing.h"
#include "ringdist/proto/handshake.h"
#include "ringdist/proto/node_name.h"

namespace ringdist {
namespace {

LocalNode Local(absl::string_view name) {
  LocalNode local;
  local.name = *NodeName::Parse(name);
  local.creation = 12345;
  local.cookie = "benchmark";
  return local;
}

// Gives every packet of `packets` to `role`; returns what it sends back.
template <typename Role>
std::string Feed(Role& role, absl::string_view packets) {
  std::string sent;
  PacketDecoder decoder(/*max_packet_size=*/65536);
  absl::string_view body;
  while (decoder.Next(packets, body) == PacketDecoder::Result::kPacket) {
    HandshakeStep step = role.OnPacket(body);
    if constexpr (std::is_same_v<Role, HandshakeAcceptor>) {
      if (step.next == HandshakeStep::Next::kAskConnection) {
        step = role.Decide(ConnectionDecision::kOk);
      }
    }
    RINGDIST_CHECK(step.next != HandshakeStep::Next::kFailed);
    sent += step.send;
  }
  return sent;
}

void WholeHandshake(benchmark::State& state) {
  const LocalNode a = Local("a@localhost");
  const LocalNode b = Local("b@localhost");
  for (auto _ : state) {
    HandshakeInitiator initiator(a, b.name, /*peer_version=*/6, 1);
    HandshakeAcceptor acceptor(b, 2);
    std::string to_acceptor = initiator.Start().send;
    while (!to_acceptor.empty()) {
      to_acceptor = Feed(initiator, Feed(acceptor, to_acceptor));
    }
    benchmark::DoNotOptimize(initiator.result());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(WholeHandshake);

void Digest(benchmark::State& state) {
  uint32_t challenge = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(CookieDigest("benchmark", ++challenge));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(Digest);

}  // namespace
}  // namespace ringdist
