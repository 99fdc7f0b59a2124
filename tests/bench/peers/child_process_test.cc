#include "ringdist/bench/peers/child_process.h"

#include <signal.h>
#include <stdlib.h>

#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "ringdist/bench/peers/temporary_directory.h"

namespace ringdist {
namespace {

constexpr absl::Duration kLong = absl::Seconds(20);
constexpr absl::Duration kShort = absl::Milliseconds(50);

std::unique_ptr<ChildProcess> StartOrDie(const ChildProcess::Options& options) {
  absl::StatusOr<std::unique_ptr<ChildProcess>> process =
      ChildProcess::Start(options);
  return *std::move(process);
}

std::unique_ptr<ChildProcess> Shell(const std::string& script) {
  return StartOrDie({.command = {"sh", "-c", script}});
}

TEST(ChildProcessTest, EchoesLinesUntilItsInputIsClosed) {
  std::unique_ptr<ChildProcess> cat = StartOrDie({.command = {"cat"}});
  ASSERT_TRUE(cat->WriteInput("one\ntw").ok());
  EXPECT_EQ(*cat->ReadLine(kLong), "one");
  EXPECT_EQ(cat->ReadLine(absl::ZeroDuration()).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  ASSERT_TRUE(cat->WriteInput("o\nlast").ok());
  EXPECT_EQ(*cat->ReadLine(kLong), "two");
  cat->CloseInput();
  EXPECT_EQ(*cat->ReadLine(kLong), "last");
  EXPECT_EQ(cat->ReadLine(kLong).status().code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(*cat->Wait(kLong), 0);
}

TEST(ChildProcessTest, ReportsExitStatusAndSignal) {
  EXPECT_EQ(*Shell("exit 7")->Wait(kLong), 7);
  EXPECT_EQ(*Shell("kill -TERM $$")->Wait(kLong), 128 + SIGTERM);
}

TEST(ChildProcessTest, UnknownProgramIsNotFound) {
  const absl::StatusOr<std::unique_ptr<ChildProcess>> process =
      ChildProcess::Start({.command = {"no_such_program"}});
  EXPECT_EQ(process.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(process.status().message().find("no_such_program"),
            absl::string_view::npos);
}

TEST(ChildProcessTest, RunsInTheGivenDirectoryAndEnvironment) {
  TemporaryDirectory directory;
  std::unique_ptr<ChildProcess> shell =
      StartOrDie({.command = {"sh", "-c", "pwd; echo $HOME; echo $PATH"},
                  .directory = directory.path(),
                  .environment = {"HOME=/nowhere"}});
  EXPECT_EQ(*shell->ReadLine(kLong), directory.path());
  EXPECT_EQ(*shell->ReadLine(kLong), "/nowhere");
  EXPECT_EQ(*shell->ReadLine(kLong), getenv("PATH"));
}

TEST(ChildProcessTest, WaitKeepsMoreOutputThanAPipeHolds) {
  std::unique_ptr<ChildProcess> shell = Shell("seq 100000");
  ASSERT_EQ(*shell->Wait(kLong), 0);
  for (int i = 1; i <= 100000; ++i) {
    ASSERT_EQ(*shell->ReadLine(kLong), std::to_string(i));
  }
}

TEST(ChildProcessTest, WaitGivesUpAtItsDeadlineAndMayBeCalledAgain) {
  std::unique_ptr<ChildProcess> cat = StartOrDie({.command = {"cat"}});
  EXPECT_EQ(cat->Wait(kShort).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  ASSERT_TRUE(cat->Signal(SIGKILL).ok());
  EXPECT_EQ(*cat->Wait(kLong), 128 + SIGKILL);
  EXPECT_EQ(*cat->Wait(absl::ZeroDuration()), 128 + SIGKILL);
  EXPECT_EQ(cat->Signal(SIGKILL).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(ChildProcessTest, WritingToAClosedInputIsAnError) {
  std::unique_ptr<ChildProcess> shell = Shell("exec <&-; echo closed; cat");
  ASSERT_EQ(*shell->ReadLine(kLong), "closed");
  EXPECT_EQ(shell->WriteInput("text").code(), absl::StatusCode::kUnavailable);
}

TEST(ChildProcessTest, SuspendedItDoesNothingUntilResumed) {
  std::unique_ptr<ChildProcess> cat = StartOrDie({.command = {"cat"}});
  ASSERT_TRUE(cat->Suspend().ok());
  ASSERT_TRUE(cat->WriteInput("text\n").ok());
  EXPECT_EQ(cat->ReadLine(kShort).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  ASSERT_TRUE(cat->Resume().ok());
  EXPECT_EQ(*cat->ReadLine(kLong), "text");
}

TEST(ChildProcessTest, WhatItStartedEndsWithIt) {
  // The grandchild holds the output open until it is killed as well.
  std::unique_ptr<ChildProcess> shell = Shell("sleep 1000 & echo started");
  ASSERT_EQ(*shell->Wait(kLong), 0);
  EXPECT_EQ(*shell->ReadLine(kLong), "started");
  EXPECT_EQ(shell->ReadLine(kLong).status().code(),
            absl::StatusCode::kOutOfRange);
}

TEST(ChildProcessTest, IsKilledWhenTheThreadThatStartedItEnds) {
  std::unique_ptr<ChildProcess> cat;
  std::thread([&cat] { cat = StartOrDie({.command = {"cat"}}); }).join();
  EXPECT_EQ(*cat->Wait(kLong), 128 + SIGKILL);
}

TEST(RunCommandTest, GivesStatusAndBothOutputs) {
  const absl::StatusOr<CommandResult> result = RunCommand(
      {.command = {"sh", "-c", "echo out; echo err >&2; exit 3"}}, kLong);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_status, 3);
  EXPECT_EQ(result->output, "out\nerr\n");
}

TEST(RunCommandTest, GivesUpAtItsDeadline) {
  EXPECT_EQ(RunCommand({.command = {"sleep", "1000"}}, kShort).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace ringdist
