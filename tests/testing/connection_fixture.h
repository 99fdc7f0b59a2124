// ConnectionFixture: a Connection on io_uring whose other end is a plain
// socket in the test's hands.

#ifndef RINGDIST_TESTS_TESTING_CONNECTION_FIXTURE_H_
#define RINGDIST_TESTS_TESTING_CONNECTION_FIXTURE_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/runtime/connection.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/runtime/send_queue.h"
#include "ringdist/runtime/uring_engine.h"
#include "ringdist/tests/testing/connection_owner.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/socket_pair.h"
#include "ringdist/tests/testing/uring_modes.h"

namespace ringdist {

// With everything the kernel has, and as on the oldest one.
inline std::vector<UringOptions> NewestAndOldestKernel() {
  return {UringOptions(), UringOptions{.deferred_task_work = false,
                                       .incremental_buffers = false,
                                       .receive_limit = false}};
}

class ConnectionFixture : public testing::TestWithParam<UringOptions> {
 protected:
  ConnectionFixture()
      : reactor_(*UringEngine::Create(GetParam()), ReactorOptions()),
        fd_(pair_.ours.get()),
        connection_(std::make_unique<Connection>(
            reactor_, pool_, pair_.ours.Release(), limits_, owner_)) {}

  void TearDown() override {
    if (connection_ != nullptr && owner_.closed == 0) {
      owner_.Close(*connection_);
    }
    RunUntilClosed();
    EXPECT_EQ(reactor_.engine().statistics().buffers_out, 0U);
  }

  void RunUntil(absl::FunctionRef<bool()> done) {
    ASSERT_TRUE(ringdist::RunUntil(reactor_, done));
  }
  // As RunUntil, but for what the peer does: a turn does not wait.
  void SpinUntil(absl::FunctionRef<bool()> done) {
    const absl::Time deadline = reactor_.engine().Now() + absl::Seconds(20);
    while (!done()) {
      ASSERT_LT(reactor_.engine().Now(), deadline);
      ASSERT_TRUE(reactor_.RunOnce(absl::ZeroDuration()).ok());
    }
  }
  // The owner was told, once, and the descriptor is closed.
  void RunUntilClosed() {
    RunUntil([this] { return owner_.closed > 0; });
    EXPECT_EQ(owner_.closed, 1);
    EXPECT_LT(fcntl(fd_, F_GETFD), 0);
  }
  // A few turns in which nothing is expected to happen.
  void RunIdle() {
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(reactor_.RunOnce(absl::Milliseconds(1)).ok());
    }
  }

  // The peer.
  int peer() const { return pair_.peers.get(); }
  // What fits; the reactor does not run meanwhile.
  size_t PeerWrites(absl::string_view bytes) {
    size_t written = 0;
    while (written < bytes.size()) {
      const ssize_t size =
          write(peer(), bytes.data() + written, bytes.size() - written);
      if (size < 0) break;
      written += static_cast<size_t>(size);
    }
    return written;
  }
  // All of it, in pieces of such sizes, turning the reactor in between.
  void PeerWritesAll(absl::string_view bytes,
                     absl::FunctionRef<size_t()> next_size) {
    SpinUntil([&] {
      bytes.remove_prefix(PeerWrites(bytes.substr(0, next_size())));
      return bytes.empty();
    });
  }
  // What is there, at most `size`; `peer_saw_end_` at the stream's end.
  std::string PeerReads(size_t size = 1 << 20) {
    std::string bytes(size, '\0');
    const ssize_t got = read(peer(), &bytes[0], size);
    if (got == 0) peer_saw_end_ = true;
    bytes.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return bytes;
  }
  std::string PeerReadsToEnd(size_t at_once = 1 << 20) {
    std::string bytes;
    SpinUntil([&] {
      bytes += PeerReads(at_once);
      return peer_saw_end_;
    });
    return bytes;
  }

  Reactor reactor_;
  BlockPool pool_;
  ConnectionLimits limits_;
  SocketPair pair_;  // `ours` is the connection's.
  const int fd_;
  bool peer_saw_end_ = false;
  RecordingOwner owner_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_CONNECTION_FIXTURE_H_
