// A stream of packets from one process to another over a Unix socket: two nodes
// of ours at packet level, beside a bare io_uring mover of the same bytes.
// items_per_second counts packets; enters_per_packet is the receiver's.

#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/bench/bare_uring.h"
#include "ringdist/bench/peer_process.h"
#include "ringdist/proto/check.h"
#include "ringdist/runtime/distribution.h"

namespace ringdist {
namespace {

// What one iteration receives at least.
constexpr uint64_t kBytesPerIteration = 8 * 1024 * 1024;

// Packets and the bytes of the stream, before and after.
void Report(benchmark::State& state, uint64_t packets, uint64_t bytes,
            uint64_t enters) {
  state.SetItemsProcessed(static_cast<int64_t>(packets));
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  state.counters["enters_per_packet"] =
      static_cast<double>(enters) / static_cast<double>(packets);
}

void BareStream(benchmark::State& state) {
  const auto packet_size = static_cast<size_t>(state.range(0));
  int fds[2];
  RINGDIST_CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  {
    const PeerProcess sender([&] { SendBare(fds[1], packet_size); });
    close(fds[1]);
    BareReceiver receiver(fds[0]);
    while (receiver.bytes() < kBytesPerIteration) receiver.Turn();
    const uint64_t packets = receiver.packets();
    const uint64_t bytes = receiver.bytes();
    const uint64_t enters = receiver.enters();
    for (auto _ : state) {
      const uint64_t target = receiver.bytes() + kBytesPerIteration;
      while (receiver.bytes() < target) receiver.Turn();
    }
    Report(state, receiver.packets() - packets, receiver.bytes() - bytes,
           receiver.enters() - enters);
  }
  close(fds[0]);
}

DistributionOptions Options(const std::string& name,
                            const std::string& directory) {
  DistributionOptions options;
  options.name = name;
  options.cookie = "benchmark";
  options.directory = directory;
  return options;
}

class Sender : public DistributionHandler {
 public:
  explicit Sender(size_t packet_size) : packet_(packet_size, 'x') {}

  void OnUp(Channel& channel, const PeerInfo&) override { Fill(channel); }
  void OnPacket(Channel&, absl::string_view) override {}
  void OnWritable(Channel& channel) override { Fill(channel); }
  void OnDown(Channel&, const PeerInfo&, const absl::Status&) override {}
  void OnSetupFailed(const NodeName&, const absl::Status& reason) override {
    RINGDIST_CHECK_EQ(reason.ToString(), "");
  }

 private:
  void Fill(Channel& channel) {
    while (channel.Send(packet_).ok()) {
    }
  }

  const std::string packet_;
};

class Receiver : public DistributionHandler {
 public:
  void OnUp(Channel&, const PeerInfo&) override {}
  void OnPacket(Channel&, absl::string_view packet) override {
    ++packets;
    bytes += 4 + packet.size();
  }
  void OnDown(Channel&, const PeerInfo&, const absl::Status&) override {}

  uint64_t packets = 0;
  uint64_t bytes = 0;
};

void SendPackets(const std::string& directory, size_t packet_size,
                 int start_fd) {
  char start = 0;
  RINGDIST_CHECK_EQ(read(start_fd, &start, 1), 1);
  auto reactor = Reactor::Create();
  RINGDIST_CHECK(reactor.ok());
  Sender sender(packet_size);
  auto node = Distribution::Create(
      **reactor, Options("sender@localhost", directory), sender);
  RINGDIST_CHECK(node.ok());
  RINGDIST_CHECK((*node)->Setup(*NodeName::Parse("receiver@localhost")).ok());
  RINGDIST_CHECK((*reactor)->Run().ok());
}

void DistributionStream(benchmark::State& state) {
  const auto packet_size = static_cast<size_t>(state.range(0));
  char directory[] = "/tmp/ringdist_XXXXXX";
  RINGDIST_CHECK(mkdtemp(directory) != nullptr);
  int start[2];
  RINGDIST_CHECK_EQ(pipe(start), 0);
  {
    const PeerProcess peer(
        [&] { SendPackets(directory, packet_size, start[0]); });
    auto reactor = Reactor::Create();
    RINGDIST_CHECK(reactor.ok());
    Receiver receiver;
    auto node = Distribution::Create(
        **reactor, Options("receiver@localhost", directory), receiver);
    RINGDIST_CHECK(node.ok());
    RINGDIST_CHECK((*node)->Listen().ok());
    RINGDIST_CHECK_EQ(write(start[1], "x", 1), 1);
    const auto receive = [&](uint64_t target) {
      while (receiver.bytes < target) {
        RINGDIST_CHECK((*reactor)->RunOnce(absl::InfiniteDuration()).ok());
      }
    };
    receive(kBytesPerIteration);
    const uint64_t packets = receiver.packets;
    const uint64_t bytes = receiver.bytes;
    const uint64_t enters = (*node)->statistics().engine.enters;
    for (auto _ : state) receive(receiver.bytes + kBytesPerIteration);
    Report(state, receiver.packets - packets, receiver.bytes - bytes,
           (*node)->statistics().engine.enters - enters);
  }
  close(start[0]);
  close(start[1]);
  RINGDIST_CHECK_EQ(unlink(absl::StrCat(directory, "/receiver.lock").c_str()),
                    0);
  RINGDIST_CHECK_EQ(rmdir(directory), 0);
}

void PacketSizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("bytes")
      ->Arg(32)
      ->Arg(1024)
      ->Arg(65536)
      ->Arg(1048576)
      ->UseRealTime();
}

BENCHMARK(BareStream)->Apply(PacketSizes);
BENCHMARK(DistributionStream)->Apply(PacketSizes);

}  // namespace
}  // namespace ringdist
