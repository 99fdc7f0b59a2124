// LoadSpec: what a load is, whoever generates it. One run of dist_load is one
// LoadSpec, measured `repeat` times.
//
//   LoadSpec spec;
//   spec.workload = Workload::kEcho;
//   spec.level = Level::kPacket;
//   spec.rate = 10'000;  // open loop
//   absl::Status valid = spec.Validate();

#ifndef RINGDIST_BENCH_LOAD_LOAD_SPEC_H_
#define RINGDIST_BENCH_LOAD_LOAD_SPEC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace ringdist {

enum class Workload {
  kStream,   // One way, from the generator to the target.
  kEcho,     // Round trips.
  kConnect,  // Handshakes, one after the other on each connection.
  kCall,     // Calls of a function that returns its argument, by erpc.
  kFanIn,    // kStream over many connections.
  kFanOut,   // The target streams to many connections of the generator.
  kMixed,    // Round trips of small messages beside a stream of large ones.
  kIdle,     // Connections that are held and do nothing: their memory.
};

// What the messages are made of.
enum class Level {
  kPacket,  // Distribution packets with bytes of ours.
  kNode,    // Erlang messages to a registered name, decoded on arrival.
};

// Who is at an end. Every kind can serve; kTarget is somebody else's node.
enum class Peer {
  kRingdist,
  kBeam,     // A real Erlang node, over erl_uds.
  kBeamTcp,  // The same, over TCP with epmd.
  kEi,       // A C node of the ei library, over a Unix socket.
  kEpoll,    // Only moves framed bytes, without a handshake: epoll,
  kUring,    // io_uring,
  kPlain,    // blocking read and write,
  kSpin,     // and non-blocking read and write in a loop.
  kNull,     // Takes and answers at once, in the generator itself: its cost.
};

// When messages are due. The intended times are known before a run begins.
enum class Arrival {
  kClosed,    // As soon as the window has room.
  kConstant,  // Every 1/rate.
  kPoisson,   // Independently, rate on average.
  kBurst,     // `burst` at once, then none, rate on average.
};

// What is compared on arrival. Numbers always are: a message that is lost,
// repeated or out of order shows in all of them.
enum class Verify {
  kNumbers,  // Only the number.
  kEnds,     // And the first and last bytes of the payload.
  kFull,     // And everything between.
};

// One of a mix of payload sizes.
struct PayloadShare {
  size_t bytes = 0;
  double weight = 1;  // Relative to the others'.
};

struct LoadSpec {
  Workload workload = Workload::kStream;
  Level level = Level::kNode;
  Peer client = Peer::kRingdist;  // Who generates.
  Peer server = Peer::kRingdist;  // Who is started to be measured.
  // alias@host of a node that runs already; empty: `server` is started.
  std::string target;

  // At packet level a packet is 8 bytes of number and this.
  std::vector<PayloadShare> payload = {{16, 1}};
  // Of the stream beside the round trips of kMixed.
  size_t large_bytes = 64 * 1024 * 1024;
  int connections = 1;
  // Messages on their way per connection; 0: as many as the connection takes.
  // Round trips have one by default.
  int window = 0;
  // The target holds each message so long before it takes the next; zero: not.
  absl::Duration slow_consumer;
  // The target stops once for so long, half-way through the measured time, to
  // see that the latencies tell it; zero: not.
  absl::Duration stall;
  Verify verify = Verify::kEnds;

  Arrival arrival = Arrival::kClosed;
  double rate = 0;    // Messages per second, all connections together.
  int burst = 100;    // Of kBurst.
  uint64_t seed = 1;  // Of kPoisson and of the order of a payload mix.

  absl::Duration warmup = absl::Seconds(1);
  absl::Duration duration = absl::Seconds(3);
  int repeat = 1;
  // Of the time series.
  absl::Duration interval = absl::Milliseconds(100);

  // How both ends wait, and where they run.
  absl::Duration busy_poll;
  int client_cpu = 0;  // -1: anywhere.
  int server_cpu = 1;
  // Schedulers of a BEAM; 0: its default. With 1 it is pinned to its cpu.
  int beam_schedulers = 0;
  // Whether the socket callbacks of an ei node gather writes and read ahead;
  // otherwise it calls the system for each read and write, as ei does over TCP.
  bool ei_buffered = false;

  std::string cookie = "dist_load";
  std::string directory;  // Of the sockets; empty: a temporary one.

  // InvalidArgument names the flag and what it may be.
  absl::Status Validate() const;
};

// Whether it only moves framed bytes: there is no handshake and no node.
bool IsBare(Peer peer);

// How a value is written in flags and files.
template <typename Enum>
struct NamedValue {
  Enum value;
  absl::string_view name;
};
// All values of an Enum, in order.
template <typename Enum>
absl::Span<const NamedValue<Enum>> NamesOf();

absl::string_view ToString(Workload workload);
absl::string_view ToString(Level level);
absl::string_view ToString(Peer peer);
absl::string_view ToString(Arrival arrival);
absl::string_view ToString(Verify verify);
// InvalidArgument lists the names there are.
template <typename Enum>
absl::Status ParseName(absl::string_view name, Enum& value);
// "16", "64x0.9+65536x0.1".
std::string ToString(const std::vector<PayloadShare>& payload);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_LOAD_SPEC_H_
