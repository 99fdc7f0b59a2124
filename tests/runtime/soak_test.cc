// Many connections, again and again: nothing is left behind, and nobody is kept
// out.

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/proto/check.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/runtime/erl_uds_carrier.h"
#include "ringdist/tests/testing/memory_use.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/test_node.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(60);

// A server, and clients that share one carrier.
class SoakTest : public ::testing::Test {
 protected:
  void SetUp() override {
    rlimit files;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 20'000);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
    ASSERT_GT(files.rlim_cur, 2'500u) << "raise it: ulimit -n 4096";
    ASSERT_TRUE(server_->Listen().ok());
  }

  std::unique_ptr<TestNode> MakeClient(int number) {
    DistributionOptions options =
        NodeOptionsAt(directory_, absl::StrCat("client", number, "@localhost"));
    options.carrier = carrier_;
    auto client = std::make_unique<TestNode>(*reactor_, std::move(options));
    RINGDIST_CHECK((*client)->Setup(server_.name()).ok());
    return client;
  }
  std::shared_ptr<Carrier> MakeCarrier() {
    ErlUdsOptions options;
    options.directory = directory_.path();
    return *ErlUdsCarrier::Create(*reactor_, options, SystemEntropy);
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
  std::shared_ptr<Carrier> carrier_ = MakeCarrier();
  TestNode server_{*reactor_, NodeOptionsAt(directory_, "server@localhost")};
};

// Connects clients, has each of them exchange some packets, and closes: half of
// them at the client, half at the server.
class Round {
 public:
  static constexpr int kClients = 1000;
  static constexpr int kPackets = 3;

  explicit Round(TestNode& server) {
    server.on_packet = [](Channel& channel, absl::string_view packet) {
      EXPECT_TRUE(channel.Send(packet).ok());
      if (packet == "last, from you") {
        channel.Disconnect(absl::CancelledError("done"));
      }
    };
  }

  void Add(std::unique_ptr<TestNode> client) {
    const bool closes = clients_.size() % 2 == 0;
    client->on_up = [](Channel& channel) {
      EXPECT_TRUE(channel.Send("packet").ok());
    };
    client->on_packet = [this, closes, count = 0](
                            Channel& channel,
                            absl::string_view packet) mutable {
      EXPECT_EQ(packet, "packet");
      ++echoes_;
      if (++count < kPackets) {
        EXPECT_TRUE(channel.Send("packet").ok());
      } else if (closes) {
        channel.Disconnect(absl::CancelledError("done"));
      } else {
        EXPECT_TRUE(channel.Send("last, from you").ok());
      }
    };
    client->on_down = [this](Channel&, const absl::Status&) { ++downs_; };
    clients_.push_back(std::move(client));
  }

  bool IsOver() const { return downs_ == kClients; }
  int echoes() const { return echoes_; }

 private:
  int echoes_ = 0;
  int downs_ = 0;
  std::vector<std::unique_ptr<TestNode>> clients_;
};

TEST_F(SoakTest, ManyConnectionsLeaveNothingBehind) {
  // Under a sanitizer a round takes seconds, and memory tells nothing.
  constexpr int kRounds = kMemoryUseIsMeaningful ? 20 : 6;
  constexpr int kSettled = 3;
  int descriptors = 0;
  size_t allocated = 0;
  size_t resident = 0;
  for (int i = 1; i <= kRounds; ++i) {
    SCOPED_TRACE(absl::StrCat("round ", i));
    {
      Round round(server_);
      for (int j = 0; j < Round::kClients; ++j) round.Add(MakeClient(j));
      ASSERT_TRUE(RunUntil(
          *reactor_,
          [&] { return round.IsOver() && server_.connections() == 0; },
          kLimit));
      EXPECT_EQ(round.echoes(), Round::kClients * Round::kPackets);
    }
    ASSERT_EQ(server_.CountEvents("up"), Round::kClients);
    ASSERT_EQ(server_.CountEvents("down"), Round::kClients);
    server_.ForgetEvents();
    if (i < kSettled) continue;
    malloc_trim(0);
    if (i == kSettled) {
      descriptors = CountDescriptors();
      allocated = AllocatedBytes();
      resident = ResidentBytes();
    }
    EXPECT_EQ(CountDescriptors(), descriptors);
    if (!kMemoryUseIsMeaningful) continue;
    EXPECT_LE(AllocatedBytes(), allocated + 16 * 1024);
    // The reactor's receive buffers, 8 MiB, are touched one after the other.
    EXPECT_LE(ResidentBytes(), resident + 10 * 1024 * 1024);
  }
  EXPECT_EQ(server_->statistics().engine.buffers_out, 0u);
  EXPECT_EQ(server_->statistics().handshakes_done,
            uint64_t{kRounds} * Round::kClients);
}

TEST_F(SoakTest, SilentPeersKeepNobodyOut) {
  constexpr size_t kEach = 100;
  std::vector<FileDescriptor> silent(kEach);
  std::vector<std::unique_ptr<TestNode>> clients;
  for (size_t i = 0; i < kEach; ++i) {
    ASSERT_EQ(ConnectTo(directory_.Join("server"), silent[i]), 0);
    clients.push_back(MakeClient(static_cast<int>(i)));
  }
  ASSERT_TRUE(RunUntil(*reactor_, [&] {
    return server_->statistics().connections_up == kEach;
  }));
  EXPECT_EQ(server_.connections(), 2 * kEach);
  EXPECT_EQ(server_.CountEvents("up client"), static_cast<int>(kEach));
  EXPECT_EQ(server_.log(), "");
}

}  // namespace
}  // namespace ringdist
