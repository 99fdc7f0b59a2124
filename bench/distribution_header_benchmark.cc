// A small SEND_SENDER, {ok, 1} from one process to another, through the
// encoder and through the decoder, in each form that can be negotiated. What
// the atom cache costs, or gains, is the difference between the forms; what it
// gains that messages repeat each other's control term, that between one and
// two receivers, which take turns.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

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

const Pid kFrom("cpp@localhost", 5, 1, 9);

// To a process that is one of `receivers`, in turns.
std::vector<ControlMessage> Messages(int64_t receivers) {
  static const Pid* const to[] = {new Pid("srv@localhost", 7, 0, 4),
                                  new Pid("srv@localhost", 8, 0, 4)};
  std::vector<ControlMessage> messages;
  for (int64_t i = 0; i < receivers; ++i) {
    control::Send send;
    send.from = kFrom;
    send.to = *to[i];
    messages.emplace_back(send);
  }
  return messages;
}

void Encode(benchmark::State& state) {
  const std::vector<ControlMessage> messages = Messages(state.range(1));
  DistributionEncoder encoder(kDflagSendSender |
                              static_cast<uint64_t>(state.range(0)));
  StringWriter packet;
  size_t next = 0;
  for (auto _ : state) {
    EncodeSmall(encoder, messages[next], packet);
    if (++next == messages.size()) next = 0;
    benchmark::DoNotOptimize(packet.view().data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
  state.counters["packet_bytes"] = static_cast<double>(packet.size());
}

void Decode(benchmark::State& state) {
  const std::vector<ControlMessage> messages = Messages(state.range(1));
  const uint64_t flags =
      kDflagSendSender | static_cast<uint64_t>(state.range(0));
  DistributionEncoder encoder(flags);
  DistributionDecoder decoder(flags);
  // The first ones bring the atoms, those that are measured refer to them.
  std::vector<StringWriter> packets(messages.size());
  for (int i = 0; i < 2; ++i) {
    for (size_t m = 0; m < messages.size(); ++m) {
      EncodeSmall(encoder, messages[m], packets[m]);
      RINGDIST_CHECK(decoder.Decode(packets[m].view()).ok());
    }
  }
  size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(decoder.Decode(packets[next].view()).ok());
    benchmark::ClobberMemory();
    if (++next == packets.size()) next = 0;
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
  state.counters["packet_bytes"] = static_cast<double>(packets[0].size());
}

void Forms(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"flags", "receivers"});
  for (const uint64_t form :
       {uint64_t{0}, kDflagFragments, kDflagDistHdrAtomCache}) {
    for (const int64_t receivers : {1, 2}) {
      benchmark->Args({static_cast<int64_t>(form), receivers});
    }
  }
}
BENCHMARK(Encode)->Apply(Forms);
BENCHMARK(Decode)->Apply(Forms);

}  // namespace
}  // namespace ringdist
