#include "ringdist/runtime/dial.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/check.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/testing/forked_child.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::Duration kLong = absl::Seconds(20);
constexpr absl::Duration kShort = absl::Milliseconds(100);

class DialTest : public ::testing::Test {
 protected:
  DialTest() { Turn(); }  // The ring's own descriptors are there now.

  void Dial(absl::Duration time_limit = kLong) {
    DialTarget target;
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    std::memcpy(&target.address, &address, sizeof(address));
    target.address_size = sizeof(address);
    target.text = path_;
    const int fd =
        socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    attempt_ =
        std::make_unique<SocketDial>(*reactor_, fd, std::move(target),
                                     reactor_->Now() + time_limit, Callback());
    EXPECT_FALSE(outcome_.has_value()) << "the callback ran inside the call";
  }

  Carrier::DialCallback Callback() {
    return [this](absl::StatusOr<int> fd) {
      EXPECT_FALSE(outcome_.has_value()) << "the callback ran twice";
      outcome_ = std::move(fd);
      attempt_.reset();
    };
  }

  void Turn() {
    RINGDIST_CHECK(reactor_->RunOnce(absl::Milliseconds(10)).ok());
  }

  absl::StatusOr<int> Outcome() {
    while (!outcome_.has_value()) Turn();
    return *outcome_;
  }

  // Runs until the full backlog was met so often.
  void RunUntilRetried(uint64_t times) {
    const uint64_t before = reactor_->engine().statistics().submissions;
    while (reactor_->engine().statistics().submissions < before + times) {
      Turn();
    }
    EXPECT_FALSE(outcome_.has_value());
  }

  TemporaryDirectory temporary_;
  const std::string path_ = temporary_.Join("srv");
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
  std::unique_ptr<SocketDial> attempt_;
  std::optional<absl::StatusOr<int>> outcome_;
};

TEST_F(DialTest, HandsOverAConnectedDescriptor) {
  const FileDescriptor server = ListenAt(path_, 5);
  Dial();
  ASSERT_TRUE(Outcome().ok()) << Outcome().status();
  const FileDescriptor client(*Outcome());
  const std::vector<FileDescriptor> accepted = AcceptAll(server.get());
  ASSERT_EQ(accepted.size(), 1U);
  ASSERT_EQ(send(client.get(), "x", 1, MSG_NOSIGNAL), 1);
  char byte = 0;
  EXPECT_EQ(recv(accepted[0].get(), &byte, 1, 0), 1);
}

// What goes wrong, each its own way.

TEST_F(DialTest, NobodyThereIsNotFound) {
  const int before = CountDescriptors();
  Dial();
  EXPECT_EQ(Outcome().status(),
            absl::NotFoundError(absl::StrCat(
                "connect ", path_,
                ": No such file or directory (ENOENT): no node listens "
                "there")));
  EXPECT_EQ(CountDescriptors(), before);
}

TEST_F(DialTest, ADeadNodesSocketRefuses) {
  BindAt(path_);
  Dial();
  EXPECT_EQ(Outcome().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(Outcome().status().message()),
              AllOf(HasSubstr(path_), HasSubstr("ECONNREFUSED"),
                    HasSubstr("belongs to no live node")));
}

TEST_F(DialTest, ARegularFileRefuses) {
  std::ofstream(path_) << "x";
  Dial();
  EXPECT_THAT(std::string(Outcome().status().message()),
              HasSubstr("ECONNREFUSED"));
}

TEST_F(DialTest, ADatagramSocketIsNoNode) {
  const FileDescriptor server = BindAt(path_, SOCK_DGRAM);
  Dial();
  EXPECT_THAT(std::string(Outcome().status().message()),
              AllOf(HasSubstr("EPROTOTYPE"), HasSubstr("another type")));
}

TEST_F(DialTest, AnotherUsersSocketIsDenied) {
  if (!CanBecomeNobody()) {
    GTEST_SKIP() << "only root can become another user";
  }
  ASSERT_EQ(chmod(temporary_.path().c_str(), 0755), 0);
  const FileDescriptor server = ListenAt(path_, 5);
  ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  ForkedChild child([&] {
    // A ring does not survive a fork; its destructor is the parent's business.
    static_cast<void>(reactor_.release());
    reactor_ = *Reactor::Create();
    if (!BecomeNobody()) return 1;
    Dial();
    EXPECT_EQ(Outcome().status().code(), absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(std::string(Outcome().status().message()),
                AllOf(HasSubstr("EACCES"), HasSubstr("another user")));
    return HasFailure() ? 2 : 0;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(DialTest, AFailureKnownBeforehandComesTheSameWay) {
  const absl::Status failure = absl::InvalidArgumentError("too long");
  attempt_ = std::make_unique<SocketDial>(*reactor_, failure, Callback());
  EXPECT_FALSE(outcome_.has_value());
  attempt_->Cancel();
  EXPECT_EQ(Outcome().status(), failure);
}

// A full backlog.

TEST_F(DialTest, RetriesUntilThereIsRoomInTheBacklog) {
  const FileDescriptor server = ListenAt(path_, /*backlog=*/0);
  const std::vector<FileDescriptor> waiting = FillBacklog(path_);
  Dial();
  RunUntilRetried(5);
  const std::vector<FileDescriptor> accepted = AcceptAll(server.get());
  EXPECT_EQ(accepted.size(), waiting.size());
  ASSERT_TRUE(Outcome().ok()) << Outcome().status();
  close(*Outcome());
  EXPECT_EQ(AcceptAll(server.get()).size(), 1U);
}

TEST_F(DialTest, GivesUpAtTheDeadlineAndSaysThatTheBacklogIsFull) {
  const FileDescriptor server = ListenAt(path_, /*backlog=*/0);
  const std::vector<FileDescriptor> waiting = FillBacklog(path_);
  const int before = CountDescriptors();
  const absl::Time start = reactor_->Now();
  Dial(kShort);
  EXPECT_EQ(Outcome().status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(Outcome().status().message()),
              AllOf(HasSubstr(path_), HasSubstr("its backlog is full")));
  EXPECT_GE(reactor_->Now() - start, kShort);
  EXPECT_EQ(CountDescriptors(), before);
}

TEST_F(DialTest, PausesGrowSoThatAFullBacklogIsNotHammered) {
  const FileDescriptor server = ListenAt(path_, /*backlog=*/0);
  const std::vector<FileDescriptor> waiting = FillBacklog(path_);
  const uint64_t before = reactor_->engine().statistics().submissions;
  Dial(absl::Milliseconds(500));
  EXPECT_FALSE(Outcome().ok());
  // After 1, 2, 4, 8, 16, 32, and 50 milliseconds each from then on.
  EXPECT_LE(reactor_->engine().statistics().submissions - before, 20U);
}

TEST_F(DialTest, ADeadlineThatIsOverGivesNoHintAboutABacklog) {
  const FileDescriptor server = ListenAt(path_, /*backlog=*/0);
  const std::vector<FileDescriptor> waiting = FillBacklog(path_);
  Dial(-kShort);
  EXPECT_EQ(Outcome().status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(Outcome().status().message()),
              Not(HasSubstr("backlog")));
}

// Giving up.

TEST_F(DialTest, CancelWhileItPausesIsToldSoonAndOnce) {
  const FileDescriptor server = ListenAt(path_, /*backlog=*/0);
  const std::vector<FileDescriptor> waiting = FillBacklog(path_);
  const int before = CountDescriptors();
  Dial();
  RunUntilRetried(3);
  attempt_->Cancel();
  EXPECT_FALSE(outcome_.has_value()) << "the callback ran inside the call";
  attempt_->Cancel();
  EXPECT_EQ(Outcome().status().code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(std::string(Outcome().status().message()), HasSubstr(path_));
  EXPECT_EQ(CountDescriptors(), before);
}

TEST_F(DialTest, CancelAtOnceWaitsForTheConnectInFlight) {
  const FileDescriptor server = ListenAt(path_, 5);
  const int before = CountDescriptors();
  Dial();
  attempt_->Cancel();
  EXPECT_FALSE(outcome_.has_value()) << "the callback ran inside the call";
  // Which of the two was faster is the system's affair; nothing leaks.
  if (Outcome().ok()) {
    close(*Outcome());
  } else {
    EXPECT_EQ(Outcome().status().code(), absl::StatusCode::kCancelled);
  }
  EXPECT_EQ(CountDescriptors(), before);
}

TEST_F(DialTest, CancelAfterTheOutcomeStandsChangesNothing) {
  Dial();
  // The turn in which the connect fails; the callback comes in the next one.
  while (reactor_->engine().statistics().completions == 0) Turn();
  attempt_->Cancel();
  EXPECT_EQ(Outcome().status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace ringdist
