#include "ringdist/tools/stop_signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <future>

namespace ringdist {
namespace {

// Each in a process of its own: signals are the process's.
class StopSignalsDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// Sends itself a signal, and exits with the one that was told.
[[noreturn]] void ExitWithSignalTold(int signal) {
  std::promise<int> told;
  {
    const StopSignals signals([&](int which) { told.set_value(which); });
    kill(getpid(), signal);
    signal = told.get_future().get();
  }
  _exit(signal);
}

// Sends itself a second signal after the first was told.
[[noreturn]] void SendTwo(int first, int second) {
  std::promise<void> told;
  const StopSignals signals([&](int) { told.set_value(); });
  kill(getpid(), first);
  told.get_future().wait();
  kill(getpid(), second);
  while (true) pause();
}

// Whose destructor must not wait for a signal.
[[noreturn]] void EndWithoutSignal() {
  {
    const StopSignals signals([](int) { _exit(1); });
  }
  _exit(0);
}

TEST_F(StopSignalsDeathTest, TellsWhichSignalCame) {
  EXPECT_EXIT(ExitWithSignalTold(SIGINT), testing::ExitedWithCode(SIGINT), "");
  EXPECT_EXIT(ExitWithSignalTold(SIGTERM), testing::ExitedWithCode(SIGTERM),
              "");
}

TEST_F(StopSignalsDeathTest, TheSecondSignalEndsTheProcessAtOnce) {
  EXPECT_EXIT(SendTwo(SIGTERM, SIGINT), testing::ExitedWithCode(128 + SIGINT),
              "");
  EXPECT_EXIT(SendTwo(SIGTERM, SIGTERM), testing::ExitedWithCode(128 + SIGTERM),
              "");
}

TEST_F(StopSignalsDeathTest, EndsWithoutASignal) {
  EXPECT_EXIT(EndWithoutSignal(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace ringdist
