// Making and destroying a UringEngine: what the system allows, what is left
// behind, and what a fork does.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ringdist/runtime/uring_engine.h"
#include "ringdist/runtime/uring_features.h"
#include "ringdist/tests/testing/engine_clients.h"
#include "ringdist/tests/testing/forked_child.h"
#include "ringdist/tests/testing/socket_pair.h"
#include "ringdist/tests/testing/unix_sockets.h"
#include "ringdist/tests/testing/uring_modes.h"

namespace ringdist {
namespace {

// Sends a few bytes through a pair of sockets and back.
bool Works(IoEngine& engine) {
  const SocketPair pair;
  const std::string bytes(100'000, 'x');
  StreamWriter writer(engine, pair.ours.get(), bytes, [] { return 1000; });
  StreamReader reader(engine, pair.peers.get(),
                      StreamReader::Into::kEngineMemory, [] { return 5000; });
  writer.Start();
  reader.Start();
  const absl::Time deadline = engine.Now() + absl::Seconds(20);
  while (reader.bytes().size() < bytes.size() && engine.Now() < deadline) {
    if (!engine.Turn(absl::Seconds(1)).ok()) return false;
  }
  reader.Stop();
  writer.Stop();
  while (!reader.idle() || !writer.idle()) {
    if (!engine.Turn(absl::Seconds(1)).ok()) return false;
  }
  return reader.bytes() == bytes;
}

class UringSetupTest : public testing::TestWithParam<UringOptions> {};

INSTANTIATE_TEST_SUITE_P(Uring, UringSetupTest,
                         testing::ValuesIn(AllUringModes()), UringModeName);

TEST_P(UringSetupTest, AnEngineWorksOnTheThreadThatFirstTurnsIt) {
  const auto engine = *UringEngine::Create(GetParam());
  bool worked = false;
  std::thread other([&] { worked = Works(*engine); });
  other.join();
  EXPECT_TRUE(worked);
}

// "VmSize" and the like, in bytes.
size_t MemoryOf(const std::string& what) {
  std::ifstream status("/proc/self/status");
  std::string key;
  while (status >> key) {
    size_t kilobytes = 0;
    if (key == absl::StrCat(what, ":") && status >> kilobytes) {
      return kilobytes * 1024;
    }
    std::getline(status, key);
  }
  return 0;
}

TEST_P(UringSetupTest, NothingIsLeftBehind) {
  constexpr int kTimes = 30;
  // What is made once and kept is made now.
  EXPECT_TRUE(Works(**UringEngine::Create(GetParam())));
  const int descriptors_before = CountDescriptors();
  const size_t memory_before = MemoryOf("VmSize");
  ASSERT_GT(memory_before, 0U);
  for (int i = 0; i < kTimes; ++i) {
    const auto engine = *UringEngine::Create(GetParam());
    ASSERT_TRUE(engine->Descriptor().ok());
    ASSERT_TRUE(Works(*engine));
    ASSERT_TRUE(engine->Prepare(engine->Now() + absl::Hours(1)).ok());
  }
  EXPECT_EQ(CountDescriptors(), descriptors_before);
  // The buffers of one engine are 4 or 8 MiB.
  EXPECT_LT(MemoryOf("VmSize"), memory_before + (kTimes / 2 * (4U << 20)));
}

// Fork.

TEST_P(UringSetupTest, AChildDoesNotDisturbItsParentsEngine) {
  const auto engine = *UringEngine::Create(GetParam());
  const SocketPair pair;
  StreamReader reader(*engine, pair.ours.get(),
                      StreamReader::Into::kEngineMemory, [] { return 10; });
  reader.Start();
  ASSERT_TRUE(engine->Turn(absl::ZeroDuration()).ok());
  for (int i = 0; i < 3; ++i) {
    // It has an engine of its own and ends with the parent's at hand.
    ForkedChild child([] {
      const auto own = UringEngine::Create();
      return own.ok() && Works(**own) ? 0 : 1;
    });
    EXPECT_EQ(child.Wait(), 0);
    ASSERT_TRUE(Works(*engine));
  }
  ASSERT_EQ(write(pair.peers.get(), "x", 1), 1);
  while (reader.bytes().empty()) {
    ASSERT_TRUE(engine->Turn(absl::Seconds(20)).ok());
  }
  EXPECT_EQ(reader.bytes(), "x");
  reader.Stop();
  while (!reader.idle()) ASSERT_TRUE(engine->Turn(absl::Seconds(20)).ok());
}

TEST_P(UringSetupTest, NoDescriptorOutlivesAnExec) {
  const auto engine = *UringEngine::Create(GetParam());
  ASSERT_TRUE(engine->Descriptor().ok());
  for (int fd = 3; fd < 64; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags < 0) continue;
    std::string path(200, '\0');
    const ssize_t size = readlink(absl::StrCat("/proc/self/fd/", fd).c_str(),
                                  &path[0], path.size());
    ASSERT_GT(size, 0);
    path.resize(static_cast<size_t>(size));
    if (absl::StrContains(path, "io_uring") ||
        absl::StrContains(path, "eventfd") ||
        absl::StrContains(path, "socket")) {
      EXPECT_NE(flags & FD_CLOEXEC, 0) << path;
    }
  }
}

// Locked memory. Of an ordinary user each ring counts against RLIMIT_MEMLOCK.

enum Outcome { kWorked, kNoMemory, kNotTried, kOther };

Outcome CreateWithLockedMemory(rlim_t bytes, uid_t user) {
  const rlimit limit = {bytes, bytes};
  if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || setuid(user) != 0) {
    return kNotTried;
  }
  const auto engine = UringEngine::Create();
  if (engine.ok()) return Works(**engine) ? kWorked : kOther;
  const absl::Status& status = engine.status();
  printf("%s\n", status.ToString().c_str());
  return absl::IsResourceExhausted(status) &&
                 absl::StrContains(status.message(), "ulimit -l")
             ? kNoMemory
             : kOther;
}

class UringLockedMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    if (Create(1 << 20) == kNotTried) {
      GTEST_SKIP() << "needs root, to become another user";
    }
  }

  // Each time as another user: the kernel counts by user, and gives back late.
  Outcome Create(rlim_t bytes) {
    const uid_t user = next_user_++;
    ForkedChild child([&] { return CreateWithLockedMemory(bytes, user); });
    return static_cast<Outcome>(child.Wait());
  }

 private:
  uid_t next_user_ = 61'000;
};

TEST_F(UringLockedMemoryTest, ASmallLimitIsMetWithSmallerQueues) {
  for (const rlim_t kilobytes : {8192, 256, 128, 96, 64}) {
    EXPECT_EQ(Create(kilobytes * 1024), kWorked) << kilobytes << " KiB";
  }
}

TEST_F(UringLockedMemoryTest, ATooSmallLimitSaysWhatToDo) {
  EXPECT_EQ(Create(0), kNoMemory);
  EXPECT_EQ(Create(4096), kNoMemory);
  // Whatever step of the set-up it makes fail.
  for (rlim_t kilobytes = 8; kilobytes < 64; kilobytes += 4) {
    const Outcome outcome = Create(kilobytes * 1024);
    EXPECT_TRUE(outcome == kWorked || outcome == kNoMemory)
        << kilobytes << " KiB";
  }
}

// A kernel that has no io_uring, or forbids it.

// Makes io_uring_setup fail in this process from now on.
bool ForbidIoUring(int error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K,
               SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {4, filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(UringForbiddenTest, TheErrorSaysWhichAndWhatToDo) {
  struct Case {
    int error;
    absl::StatusCode code;
    std::string what_to_do;
  };
  for (const Case& each :
       {Case{EPERM, absl::StatusCode::kPermissionDenied, "seccomp"},
        Case{ENOSYS, absl::StatusCode::kUnimplemented, "Linux 6.0"}}) {
    ForkedChild child([&] {
      if (!ForbidIoUring(each.error)) return 1;
      const absl::Status status = UringEngine::Create().status();
      printf("%s\n", status.ToString().c_str());
      if (status.code() != each.code) return 2;
      return absl::StrContains(status.message(), each.what_to_do) ? 0 : 3;
    });
    EXPECT_EQ(child.Wait(), 0) << "errno " << each.error;
  }
}

TEST(UringFeaturesTest, TheProbeFindsTheSameEachTime) {
  const auto first = ProbeUringFeatures();
  const auto second = ProbeUringFeatures();
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(first->incremental_buffers, second->incremental_buffers);
  EXPECT_EQ(first->receive_limit, second->receive_limit);
}

}  // namespace
}  // namespace ringdist
