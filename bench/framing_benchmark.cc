// PacketDecoder: packets per second out of a stream that arrives in pieces of
// 256 KiB, as the engine's buffers bring it.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/framing.h"

namespace ringdist {
namespace {

constexpr size_t kPieceSize = 256 * 1024;

// About one mebibyte of packets, and at least four.
std::string Stream(size_t packet_size) {
  StringWriter writer;
  const std::string body(packet_size, 'x');
  for (int i = 0; i < 4 || writer.size() < 1024 * 1024; ++i) {
    writer.WriteU32(static_cast<uint32_t>(packet_size));
    writer.WriteBytes(body);
  }
  return std::string(writer.view());
}

void DecodePackets(benchmark::State& state) {
  const std::string stream = Stream(static_cast<size_t>(state.range(0)));
  PacketDecoder decoder(/*max_packet_size=*/1 << 30);
  decoder.SwitchToData();
  int64_t packets = 0;
  for (auto _ : state) {
    for (size_t at = 0; at < stream.size(); at += kPieceSize) {
      absl::string_view piece =
          absl::string_view(stream).substr(at, kPieceSize);
      absl::string_view packet;
      while (decoder.Next(piece, packet) == PacketDecoder::Result::kPacket) {
        benchmark::DoNotOptimize(packet.data());
        ++packets;
      }
    }
  }
  state.SetItemsProcessed(packets);
  state.SetBytesProcessed(static_cast<int64_t>(stream.size()) *
                          static_cast<int64_t>(state.iterations()));
}
BENCHMARK(DecodePackets)
    ->ArgName("bytes")
    ->RangeMultiplier(32)
    ->Range(32, 1 << 20);

}  // namespace
}  // namespace ringdist
