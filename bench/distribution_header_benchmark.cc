// A small SEND_SENDER, {ok, 1} from one process to another, through the
// encoder and through the decoder, in each form that can be negotiated. What
// the atom cache costs, or gains, is the difference between the forms.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "ringdist/proto/bytes.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_decoder.h"
#include "ringdist/proto/distribution_encoder.h"
#include "ringdist/proto/distribution_flags.h"

namespace ringdist {
namespace {

void EncodeSmall(DistributionEncoder& encoder, const ControlMessage& message,
                 StringWriter& packet) {
  packet.Clear();
  encoder.Encode(
      message,
      [](TermWriter& payload) {
        payload.WriteTupleHeader(2);
        payload.WriteAtom("ok");
        payload.WriteInteger(1);
      },
      packet);
  encoder.Commit();
}

void Encode(benchmark::State& state) {
  const Pid from("cpp@localhost", 5, 1, 9);
  const Pid to("srv@localhost", 7, 0, 4);
  control::Send send;
  send.from = from;
  send.to = to;
  const ControlMessage message = send;
  DistributionEncoder encoder(kDflagSendSender |
                              static_cast<uint64_t>(state.range(0)));
  StringWriter packet;
  for (auto _ : state) {
    EncodeSmall(encoder, message, packet);
    benchmark::DoNotOptimize(packet.view().data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
  state.counters["packet_bytes"] = static_cast<double>(packet.size());
}

void Decode(benchmark::State& state) {
  const Pid from("cpp@localhost", 5, 1, 9);
  const Pid to("srv@localhost", 7, 0, 4);
  control::Send send;
  send.from = from;
  send.to = to;
  const uint64_t flags =
      kDflagSendSender | static_cast<uint64_t>(state.range(0));
  DistributionEncoder encoder(flags);
  DistributionDecoder decoder(flags);
  StringWriter packet;
  // The first one brings the atoms, those that are measured refer to them.
  for (int i = 0; i < 2; ++i) {
    EncodeSmall(encoder, send, packet);
    RINGDIST_CHECK(decoder.Decode(packet.view()).ok());
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(decoder.Decode(packet.view()).ok());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
  state.counters["packet_bytes"] = static_cast<double>(packet.size());
}

void Forms(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("flags");
  for (const uint64_t form :
       {uint64_t{0}, kDflagFragments, kDflagDistHdrAtomCache}) {
    benchmark->Arg(static_cast<int64_t>(form));
  }
}
BENCHMARK(Encode)->Apply(Forms);
BENCHMARK(Decode)->Apply(Forms);

}  // namespace
}  // namespace ringdist
