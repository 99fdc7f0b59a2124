#include "ringdist/runtime/erl_uds_carrier.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/testing/forked_child.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(20);

NodeName Name(absl::string_view text) { return *NodeName::Parse(text); }

using ListenResult = absl::StatusOr<std::unique_ptr<ListeningSocket>>;

class ErlUdsCarrierTest : public ::testing::Test {
 protected:
  ErlUdsCarrierTest() { options_.directory = temporary_.path(); }

  std::unique_ptr<ErlUdsCarrier> Create() {
    absl::StatusOr<std::unique_ptr<ErlUdsCarrier>> carrier =
        ErlUdsCarrier::Create(*reactor_, options_, [this] { return drawn_++; });
    EXPECT_TRUE(carrier.ok()) << carrier.status();
    return *std::move(carrier);
  }

  // Dials, and runs the reactor until there is an outcome.
  absl::StatusOr<int> Dial(Carrier& carrier, absl::string_view peer) {
    std::optional<absl::StatusOr<int>> outcome;
    const std::unique_ptr<DialAttempt> attempt =
        carrier.Dial(Name(peer), reactor_->Now() + kLong,
                     [&](absl::StatusOr<int> fd) { outcome = std::move(fd); });
    while (!outcome.has_value()) {
      RINGDIST_CHECK(reactor_->RunOnce(absl::Milliseconds(10)).ok());
    }
    return *outcome;
  }

  bool Exists(absl::string_view name) const {
    return std::filesystem::exists(temporary_.Join(name));
  }

  TemporaryDirectory temporary_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
  ErlUdsOptions options_;
  uint64_t drawn_ = 0;
};

// Options.

TEST_F(ErlUdsCarrierTest, OptionsAreCheckedByName) {
  const auto refusal = [](const ErlUdsOptions& options) {
    const absl::Status status = options.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_TRUE(ErlUdsOptions().Validate().ok());
  ErlUdsOptions options;
  options.directory = "";
  EXPECT_THAT(refusal(options), HasSubstr("ErlUdsOptions::directory"));
  for (const int version : {4, 7}) {
    options = {};
    options.protocol_version = version;
    EXPECT_THAT(refusal(options), HasSubstr("must be 5 or 6"));
  }
  options = {};
  options.socket_mode = 01000;
  EXPECT_THAT(refusal(options), HasSubstr("socket_mode is 01000; it must be "
                                          "at most 0777"));
  for (const int backlog : {0, 65536}) {
    options = {};
    options.backlog = backlog;
    EXPECT_THAT(refusal(options), HasSubstr("between 1 and 65535"));
  }
  for (const int backlog : {1, 65535}) {
    options.backlog = backlog;
    EXPECT_TRUE(options.Validate().ok());
  }
}

TEST_F(ErlUdsCarrierTest, AMissingDirectoryIsToldAtOnce) {
  options_.directory = temporary_.Join("none");
  const absl::Status status =
      ErlUdsCarrier::Create(*reactor_, options_, [] { return 0; }).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr(options_.directory));
}

// Listening.

TEST_F(ErlUdsCarrierTest, ListeningGivesAddressAndCreation) {
  const std::unique_ptr<ErlUdsCarrier> carrier = Create();
  ListenResult socket = carrier->Listen(Name("cpp@localhost"));
  ASSERT_TRUE(socket.ok()) << socket.status();
  EXPECT_EQ((*socket)->address(), (NetAddress{temporary_.Join("cpp"),
                                              "localhost", "local", "stream"}));
  FileDescriptor client;
  EXPECT_EQ(ConnectTo(temporary_.Join("cpp"), client), 0);
  socket->reset();
  EXPECT_FALSE(Exists("cpp"));
}

TEST_F(ErlUdsCarrierTest, TheHostDoesNotMatter) {
  const std::unique_ptr<ErlUdsCarrier> carrier = Create();
  const ListenResult socket = carrier->Listen(Name("cpp@here"));
  EXPECT_EQ(carrier->Listen(Name("cpp@there")).status().code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(ErlUdsCarrierTest, Version6TakesARandomCreationAndWritesNoFile) {
  const std::unique_ptr<ErlUdsCarrier> carrier = Create();
  drawn_ = 38;
  EXPECT_EQ((*carrier->Listen(Name("cpp@localhost")))->creation(), 42U);
  EXPECT_EQ((*carrier->Listen(Name("cpp@localhost")))->creation(), 43U);
  EXPECT_FALSE(Exists("cpp.uds"));
}

TEST_F(ErlUdsCarrierTest, Version5CountsInItsFile) {
  options_.protocol_version = 5;
  for (const uint32_t creation : {1U, 2U, 3U, 1U}) {
    EXPECT_EQ((*Create()->Listen(Name("cpp@localhost")))->creation(), creation);
    EXPECT_TRUE(Exists("cpp.uds"));
  }
}

TEST_F(ErlUdsCarrierTest, WhoDoesNotGetTheNameTakesNoCreation) {
  options_.protocol_version = 5;
  const std::unique_ptr<ErlUdsCarrier> carrier = Create();
  const ListenResult socket = carrier->Listen(Name("cpp@localhost"));
  EXPECT_FALSE(carrier->Listen(Name("cpp@localhost")).ok());
  std::ifstream file(temporary_.Join("cpp.uds"));
  EXPECT_EQ(file.get(), '1');
}

TEST_F(ErlUdsCarrierTest, ATooLongNameIsAnErrorAndLeavesNothing) {
  const std::unique_ptr<ErlUdsCarrier> carrier = Create();
  for (const size_t size : {108U, 250U}) {
    const std::string alive(size, 'a');
    const absl::Status status = carrier->Listen(Name(alive + "@h")).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("at most 107"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(temporary_.path()));
}

TEST_F(ErlUdsCarrierTest, TheFileIsForThisUserAlone) {
  const std::unique_ptr<ErlUdsCarrier> carrier = Create();
  const ListenResult socket = carrier->Listen(Name("cpp@localhost"));
  struct stat file;
  ASSERT_EQ(stat(temporary_.Join("cpp").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode, S_IFSOCK | 0600);
}

TEST_F(ErlUdsCarrierTest, TheCurrentDirectoryIsFollowedOnlyWhenCreated) {
  options_.directory = ".";
  ForkedChild child([&] {
    // A ring does not survive a fork; its destructor is the parent's business.
    static_cast<void>(reactor_.release());
    reactor_ = *Reactor::Create();
    std::filesystem::current_path(temporary_.path());
    const std::unique_ptr<ErlUdsCarrier> carrier = Create();
    EXPECT_EQ(std::filesystem::current_path(), temporary_.path());
    std::filesystem::current_path("/");
    const ListenResult socket = carrier->Listen(Name("cpp@localhost"));
    EXPECT_EQ((*socket)->address().address, "cpp");
    EXPECT_TRUE(Exists("cpp"));
    const absl::StatusOr<int> fd = Dial(*carrier, "cpp@localhost");
    EXPECT_TRUE(fd.ok()) << fd.status();
    EXPECT_EQ(std::filesystem::current_path(), "/");
    return HasFailure() ? 2 : 0;
  });
  EXPECT_EQ(child.Wait(), 0);
}

// Starts fifty processes under one name and lets them go at once. Returns how
// often each outcome came: 'o' owner, 'd' duplicate, 'e' another error.
std::map<char, int> StartFifty(const ErlUdsOptions& options) {
  Gate start;
  Gate end;
  int results[2];
  RINGDIST_CHECK_EQ(pipe2(results, O_CLOEXEC), 0);
  std::vector<ForkedChild> children;
  children.reserve(50);
  for (int i = 0; i < 50; ++i) {
    children.emplace_back([&] {
      const std::unique_ptr<Reactor> reactor = *Reactor::Create();
      absl::StatusOr<std::unique_ptr<ErlUdsCarrier>> carrier =
          ErlUdsCarrier::Create(*reactor, options, [] { return 0; });
      start.Wait();
      const ListenResult socket = (*carrier)->Listen(Name("cpp@localhost"));
      const bool duplicate = absl::IsAlreadyExists(socket.status());
      if (!socket.ok() && !duplicate) std::cerr << socket.status() << "\n";
      const char result = socket.ok() ? 'o' : duplicate ? 'd' : 'e';
      RINGDIST_CHECK_EQ(write(results[1], &result, 1), 1);
      end.Wait();
      return 0;
    });
  }
  start.Open();
  std::map<char, int> counts;
  for (int i = 0; i < 50; ++i) {
    char result = 0;
    RINGDIST_CHECK_EQ(read(results[0], &result, 1), 1);
    ++counts[result];
  }
  end.Open();
  for (ForkedChild& child : children) EXPECT_EQ(child.Wait(), 0);
  close(results[0]);
  close(results[1]);
  return counts;
}

TEST_F(ErlUdsCarrierTest, OfFiftyThatStartAtOnceOneOwnsTheName) {
  EXPECT_EQ(StartFifty(options_), (std::map<char, int>{{'o', 1}, {'d', 49}}));
  // The owner's file was removed.
  EXPECT_FALSE(Exists("cpp"));
}

TEST_F(ErlUdsCarrierTest, OfFiftyThatFindADeadSocketOneOwnsTheName) {
  BindAt(temporary_.Join("cpp"));
  EXPECT_EQ(StartFifty(options_), (std::map<char, int>{{'o', 1}, {'d', 49}}));
}

// Dialling, and who is at the other end.

TEST_F(ErlUdsCarrierTest, DialsByAliveName) {
  const std::unique_ptr<ErlUdsCarrier> carrier = Create();
  const FileDescriptor server = ListenAt(temporary_.Join("srv"), 5);
  const absl::StatusOr<int> fd = Dial(*carrier, "srv@anywhere");
  ASSERT_TRUE(fd.ok()) << fd.status();
  const FileDescriptor client(*fd);
  EXPECT_EQ(fcntl(*fd, F_GETFD), FD_CLOEXEC);
  const std::vector<FileDescriptor> accepted = AcceptAll(server.get());
  ASSERT_EQ(accepted.size(), 1U);
  EXPECT_TRUE(carrier->CheckPeer(client.get()).ok());
  EXPECT_TRUE(carrier->CheckPeer(accepted[0].get()).ok());
}

TEST_F(ErlUdsCarrierTest, DialsThroughTheDirectoryWhereThePathIsLong) {
  const std::unique_ptr<ErlUdsCarrier> carrier = Create();
  const std::string alive(108 - temporary_.path().size() - 1, 'a');
  const NodeName name = Name(absl::StrCat(alive, "@localhost"));
  const ListenResult socket = carrier->Listen(name);
  ASSERT_TRUE(socket.ok()) << socket.status();
  const absl::StatusOr<int> fd = Dial(*carrier, name.full());
  ASSERT_TRUE(fd.ok()) << fd.status();
  close(*fd);
}

TEST_F(ErlUdsCarrierTest, FailuresComeByTheCallback) {
  const std::unique_ptr<ErlUdsCarrier> carrier = Create();
  const int before = CountDescriptors();
  EXPECT_EQ(Dial(*carrier, "none@localhost").status(),
            absl::NotFoundError(absl::StrCat(
                "connect ", temporary_.Join("none"),
                ": No such file or directory (ENOENT): no node listens "
                "there")));
  const std::string alive(108, 'a');
  EXPECT_EQ(Dial(*carrier, absl::StrCat(alive, "@localhost")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CountDescriptors(), before);
}

TEST_F(ErlUdsCarrierTest, OtherUsersAreLetInOnlyByTheOption) {
  EXPECT_TRUE(CheckUser(1000, 1000, false).ok());
  EXPECT_TRUE(CheckUser(1000, 1001, true).ok());
  const absl::Status status = CheckUser(1000, 1001, false);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("uid 1000"), HasSubstr("ours to uid 1001"),
                    HasSubstr("allow_other_users")));
}

TEST_F(ErlUdsCarrierTest, AnotherUsersConnectionIsRecognised) {
  if (!CanBecomeNobody()) {
    GTEST_SKIP() << "only root can become another user";
  }
  ASSERT_EQ(chmod(temporary_.path().c_str(), 0755), 0);
  options_.socket_mode = 0666;
  const std::unique_ptr<ErlUdsCarrier> carrier = Create();
  const ListenResult socket = carrier->Listen(Name("cpp@localhost"));
  ASSERT_TRUE(socket.ok()) << socket.status();
  ForkedChild child([&] {
    if (!BecomeNobody()) return 1;
    FileDescriptor client;
    return ConnectTo(temporary_.Join("cpp"), client);
  });
  ASSERT_EQ(child.Wait(), 0);
  const std::vector<FileDescriptor> accepted = AcceptAll((*socket)->fd());
  ASSERT_EQ(accepted.size(), 1U);
  EXPECT_THAT(std::string(carrier->CheckPeer(accepted[0].get()).message()),
              HasSubstr("uid 65534"));
  options_.allow_other_users = true;
  EXPECT_TRUE(Create()->CheckPeer(accepted[0].get()).ok());
}

TEST_F(ErlUdsCarrierTest, AddressesAreThoseOfErlUdsDist) {
  const std::unique_ptr<ErlUdsCarrier> carrier = Create();
  EXPECT_EQ(
      carrier->AddressOf(Name("srv@host")),
      (NetAddress{temporary_.Join("srv"), "localhost", "local", "stream"}));
  EXPECT_EQ(carrier->AddressWithoutListening(),
            (NetAddress{"", "localhost", "local", "stream"}));
}

TEST_F(ErlUdsCarrierTest, OptionsOfASocketAreSetAndRead) {
  const std::unique_ptr<ErlUdsCarrier> carrier = Create();
  const FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_TRUE(carrier->Configure(fd.get(), {{"priority", 2}}).ok());
  EXPECT_THAT(*carrier->Configuration(fd.get(), {"priority"}),
              ElementsAre(SocketOption{"priority", 2}));
}

}  // namespace
}  // namespace ringdist
