// Messages between processes of two nodes of ours, each in a process of its
// own: a stream of them, and round trips of a small one, alone and while
// messages of 64 MiB are on their way between two other processes.
//
// A round trip's p50_us and p99_us are over all round trips of the run. What it
// stands behind beside large messages is what the socket holds: sndbuf_kib is
// that socket option of the sender, 0 for the system's.

#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ringdist/bench/peer_process.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"

namespace ringdist {
namespace {

constexpr char kNear[] = "near@localhost";
constexpr char kFar[] = "far@localhost";
constexpr size_t kLargeBytes = 64 * 1024 * 1024;
constexpr uint64_t kBytesPerIteration = 1024 * 1024;

NodeOptions Options(const std::string& name, const std::string& directory) {
  NodeOptions options;
  options.distribution.name = name;
  options.distribution.cookie = "benchmark";
  options.distribution.directory = directory;
  return options;
}

std::unique_ptr<Reactor> MakeReactor(bool spin) {
  ReactorOptions options;
  if (spin) options.busy_poll = absl::Milliseconds(10);
  auto reactor = Reactor::Create(options);
  RINGDIST_CHECK(reactor.ok());
  return *std::move(reactor);
}

// Sends to `sink` there, again and again.
class Flood {
 public:
  Flood(Node& node, size_t bytes) : payload_(bytes, 'x') {
    sender_ = node.Find(node.Spawn([](Process&, const TermView&) {}));
  }

  void Fill() {
    while (sender_.Send(NameAt{"sink", kFar}, payload_).ok()) {
    }
  }

 private:
  const std::string payload_;
  Process sender_;
};

// The far node: `echo` and `sink`, or a flood of its own to `sink` at the near
// one.
void RunFar(const std::string& directory, bool spin) {
  const std::unique_ptr<Reactor> reactor = MakeReactor(spin);
  auto node = Node::Create(*reactor, Options(kFar, directory));
  RINGDIST_CHECK(node.ok());
  const Pid echo = (*node)->Spawn([](Process& self, const TermView& message) {
    PidView from;
    TermView term;
    RINGDIST_CHECK(Matches(message, std::tuple(&from, &term)));
    RINGDIST_CHECK(self.Send(from, term).ok());
  });
  const Pid sink = (*node)->Spawn([](Process&, const TermView&) {});
  RINGDIST_CHECK((*node)->Register("echo", echo).ok());
  RINGDIST_CHECK((*node)->Register("sink", sink).ok());
  RINGDIST_CHECK((*node)->Listen().ok());
  RINGDIST_CHECK(reactor->Run().ok());
}

// A node near, and one far in another process, for as long as this lives.
class TwoNodes {
 public:
  using Setup = std::function<void(NodeOptions&)>;

  TwoNodes(bool spin, int sndbuf_kib, const Setup& setup) {
    RINGDIST_CHECK(mkdtemp(directory_) != nullptr);
    peer_ = std::make_unique<PeerProcess>([&] { RunFar(directory_, spin); });
    reactor_ = MakeReactor(spin);
    NodeOptions options = Options(kNear, directory_);
    bool up = false;
    options.on_node_up = [&](const PeerInfo&) { up = true; };
    setup(options);
    auto node = Node::Create(*reactor_, std::move(options));
    RINGDIST_CHECK(node.ok());
    node_ = *std::move(node);
    if (sndbuf_kib != 0) {
      const SocketOption sndbuf = {"sndbuf", sndbuf_kib * 1024};
      RINGDIST_CHECK(node_->distribution().SetOptions({&sndbuf, 1}).ok());
    }
    while (!up) {
      node_->Connect(*NodeName::Parse(kFar)).IgnoreError();
      RINGDIST_CHECK(reactor_->RunOnce(absl::Milliseconds(1)).ok());
    }
  }
  ~TwoNodes() {
    node_.reset();
    peer_.reset();
    for (const char* file : {"/far", "/far.lock"}) {
      unlink(absl::StrCat(directory_, file).c_str());
    }
    RINGDIST_CHECK_EQ(rmdir(directory_), 0);
  }

  Node& node() { return *node_; }
  void Turn() {
    RINGDIST_CHECK(reactor_->RunOnce(absl::InfiniteDuration()).ok());
  }

 private:
  char directory_[32] = "/tmp/ringdist_XXXXXX";
  std::unique_ptr<PeerProcess> peer_;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<Node> node_;
};

void RoundTrip(benchmark::State& state) {
  const bool spin = state.range(0) != 0;
  const bool beside_large = state.range(1) != 0;
  std::function<void()> fill = [] {};
  const auto sndbuf_kib = static_cast<int>(state.range(2));
  TwoNodes nodes(spin, sndbuf_kib, [&](NodeOptions& options) {
    options.on_writable = [&](const NodeName&) { fill(); };
  });
  Node& node = nodes.node();
  uint64_t answers = 0;
  const Pid asker = node.Spawn([&](Process&, const TermView&) { ++answers; });
  Process self = node.Find(asker);
  Flood flood(node, kLargeBytes);
  if (beside_large) {
    fill = [&] { flood.Fill(); };
    fill();
  }
  std::vector<double> microseconds;
  for (auto _ : state) {
    const absl::Time begin = absl::Now();
    const uint64_t expected = answers + 1;
    RINGDIST_CHECK(self.Send(NameAt{"echo", kFar}, std::tuple(asker, 1)).ok());
    while (answers < expected) nodes.Turn();
    microseconds.push_back(absl::ToDoubleMicroseconds(absl::Now() - begin));
  }
  std::sort(microseconds.begin(), microseconds.end());
  const auto part = [&](size_t percent) {
    return microseconds[(microseconds.size() - 1) * percent / 100];
  };
  state.counters["p50_us"] = part(50);
  state.counters["p99_us"] = part(99);
}
BENCHMARK(RoundTrip)
    ->ArgNames({"spin", "beside_large", "sndbuf_kib"})
    ->Args({0, 0, 0})
    ->Args({0, 1, 0})
    ->Args({0, 1, 64})
    ->Args({1, 0, 0})
    ->Args({1, 1, 0})
    ->Args({1, 1, 64})
    ->UseRealTime();

// To an echo that is asked for its count at the end of each iteration: what was
// sent has arrived then.
void MessageStream(benchmark::State& state) {
  const auto bytes = static_cast<size_t>(state.range(0));
  bool writable = true;
  TwoNodes nodes(/*spin=*/false, /*sndbuf_kib=*/0, [&](NodeOptions& options) {
    options.on_writable = [&](const NodeName&) { writable = true; };
  });
  Node& node = nodes.node();
  bool answered = false;
  const Pid pid =
      node.Spawn([&](Process&, const TermView&) { answered = true; });
  Process self = node.Find(pid);
  const std::string payload(bytes, 'x');
  const uint64_t messages = std::max<uint64_t>(kBytesPerIteration / bytes, 16);
  const auto send = [&](const auto& destination, const auto& message) {
    while (!self.Send(destination, message).ok()) {
      writable = false;
      while (!writable) nodes.Turn();
    }
  };
  uint64_t sent = 0;
  for (auto _ : state) {
    for (uint64_t i = 0; i < messages; ++i) {
      send(NameAt{"sink", kFar}, payload);
    }
    answered = false;
    send(NameAt{"echo", kFar}, std::tuple(pid, 1));
    while (!answered) nodes.Turn();
    sent += messages;
  }
  state.SetItemsProcessed(static_cast<int64_t>(sent));
  state.SetBytesProcessed(static_cast<int64_t>(sent * bytes));
}
BENCHMARK(MessageStream)
    ->ArgName("bytes")
    ->Arg(16)
    ->Arg(1024)
    ->Arg(65536)
    ->Arg(1048576)
    ->UseRealTime();

}  // namespace
}  // namespace ringdist
