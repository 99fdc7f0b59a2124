#include "ringdist/runtime/listener.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/check.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/log.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/testing/forked_child.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A ListeningSocket that removes its file, as all do.
class PlainSocket final : public ListeningSocket {
 public:
  explicit PlainSocket(const std::string& path)
      : fd_(ListenAt(path, 512)),
        address_({path, "localhost", "local", "stream"}) {
    // Blocking, as carriers make them.
    fcntl(fd_.get(), F_SETFL, 0);
  }
  ~PlainSocket() override { std::filesystem::remove(address_.address); }

  int fd() const override { return fd_.get(); }
  const NetAddress& address() const override { return address_; }
  uint32_t creation() const override { return 1; }

 private:
  const FileDescriptor fd_;
  const NetAddress address_;
};

class ListenerTest : public ::testing::Test {
 protected:
  ~ListenerTest() override {
    if (listener_ != nullptr) Close();
  }

  void Start() {
    listener_ = std::make_unique<Listener>(
        *reactor_, std::make_unique<PlainSocket>(path_),
        [this](int fd) {
          accepted_.emplace_back(fd);
          if (on_accepted_) on_accepted_();
        },
        [this](LogLevel level, absl::string_view line) {
          EXPECT_EQ(level, LogLevel::kError);
          lines_.emplace_back(line);
        });
  }

  void BeginClose() {
    listener_->Close([this] {
      EXPECT_FALSE(std::filesystem::exists(path_));
      listener_.reset();
    });
  }
  void Close() {
    BeginClose();
    RunUntil([this] { return listener_ == nullptr; });
  }

  FileDescriptor Connect() {
    FileDescriptor client;
    EXPECT_EQ(ConnectTo(path_, client), 0);
    return client;
  }

  void RunUntil(const std::function<bool()>& done) {
    while (!done()) Turn();
  }
  void Turn() {
    RINGDIST_CHECK(reactor_->RunOnce(absl::Milliseconds(10)).ok());
  }

  TemporaryDirectory temporary_;
  const std::string path_ = temporary_.Join("cpp");
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
  std::vector<FileDescriptor> accepted_;
  std::function<void()> on_accepted_;
  std::vector<std::string> lines_;
  std::unique_ptr<Listener> listener_;
};

TEST_F(ListenerTest, AcceptsWhatConnectedBeforeAndAfterItStarted) {
  auto socket = std::make_unique<PlainSocket>(path_);
  const FileDescriptor early = Connect();
  listener_ = std::make_unique<Listener>(
      *reactor_, std::move(socket),
      [this](int fd) { accepted_.emplace_back(fd); }, nullptr);
  RunUntil([this] { return accepted_.size() == 1; });
  const FileDescriptor late = Connect();
  RunUntil([this] { return accepted_.size() == 2; });
  for (const FileDescriptor& fd : accepted_) {
    EXPECT_EQ(fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_NE(fcntl(fd.get(), F_GETFL) & O_NONBLOCK, 0);
  }
}

TEST_F(ListenerTest, ABurstIsAcceptedWhole) {
  Start();
  Turn();
  std::vector<FileDescriptor> clients(300);
  for (FileDescriptor& client : clients) client = Connect();
  RunUntil([this] { return accepted_.size() == 300; });
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(ListenerTest, CloseRemovesTheFileAndTellsAfterwards) {
  Start();
  Turn();
  BeginClose();
  EXPECT_NE(listener_, nullptr) << "the callback ran inside the call";
  RunUntil([this] { return listener_ == nullptr; });
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ListenerTest, CloseBeforeTheFirstTurnWorks) {
  Start();
  Close();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ListenerTest, WhatIsAcceptedAfterCloseIsClosed) {
  Start();
  Turn();
  const int before = CountDescriptors();
  // The kernel accepts it before it is asked to cancel.
  FileDescriptor client = Connect();
  Close();
  EXPECT_THAT(accepted_, IsEmpty());
  EXPECT_TRUE(PeerCloses(client.get()));
  client.Close();
  // The listening socket, and the spare descriptor.
  EXPECT_EQ(CountDescriptors(), before - 2);
}

TEST_F(ListenerTest, MayBeClosedWhileItHandsOverAConnection) {
  Start();
  on_accepted_ = [this] {
    if (accepted_.size() == 1) BeginClose();
  };
  std::vector<FileDescriptor> clients(5);
  for (FileDescriptor& client : clients) client = Connect();
  RunUntil([this] { return listener_ == nullptr; });
  EXPECT_EQ(accepted_.size(), 1U);
  for (size_t i = 1; i < clients.size(); ++i) {
    EXPECT_TRUE(PeerCloses(clients[i].get()));
  }
}

// Takes all descriptors that are left.
std::vector<FileDescriptor> TakeDescriptors() {
  std::vector<FileDescriptor> taken;
  do {
    taken.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  } while (taken.back().valid());
  RINGDIST_CHECK_EQ(errno, EMFILE);
  return taken;
}

bool WasClosed(const FileDescriptor& client) {
  char byte = 0;
  return recv(client.get(), &byte, 1, 0) == 0 || errno == ECONNRESET;
}

TEST_F(ListenerTest, OutOfDescriptorsPeersAreTurnedAwayAndItIsToldOnce) {
  ForkedChild child([&] {
    // A ring does not survive a fork; its destructor is the parent's business.
    static_cast<void>(reactor_.release());
    reactor_ = *Reactor::Create();
    // The kernel looks at the limit when the accept is armed.
    const rlimit limit = {64, 64};
    RINGDIST_CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    Start();
    Turn();
    for (int episode = 0; episode < 2; ++episode) {
      const FileDescriptor first = Connect();
      const FileDescriptor second = Connect();
      std::vector<FileDescriptor> taken = TakeDescriptors();
      RunUntil([&] { return WasClosed(first) && WasClosed(second); });
      taken.clear();
      const FileDescriptor third = Connect();
      RunUntil([&] { return !accepted_.empty(); });
      accepted_.clear();
    }
    EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr(path_), HasSubstr("EMFILE"),
                                          HasSubstr("ulimit -n")),
                                    HasSubstr("EMFILE")));
    Close();
    return HasFailure() ? 1 : 0;
  });
  EXPECT_EQ(child.Wait(), 0);
}

}  // namespace
}  // namespace ringdist
