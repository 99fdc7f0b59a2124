#include "ringdist/tools/cookie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

class CookieTest : public ::testing::Test {
 protected:
  // Makes a file and its directories; its path.
  std::string Write(absl::string_view name, absl::string_view text,
                    mode_t mode = 0600) {
    const std::string path = directory_.Join(name);
    std::filesystem::create_directories(
        std::filesystem::path(path).parent_path());
    std::ofstream(path) << std::string(text);
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }

  absl::StatusOr<std::string> Read(absl::string_view text) {
    return ReadCookieFile(Write("file", text));
  }

  void ExpectRefused(const std::string& path, absl::string_view because) {
    const absl::Status status = ReadCookieFile(path).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(because)));
  }

  TemporaryDirectory directory_;
  const std::string home_ = directory_.Join("home");
  const std::string config_ = directory_.Join("config");
};

// Which file.

TEST_F(CookieTest, IsThatOfTheHomeDirectory) {
  Write("home/.erlang.cookie", "HOME");
  Write("home/.config/erlang/.erlang.cookie", "CONFIG");
  Write("config/erlang/.erlang.cookie", "XDG");
  EXPECT_EQ(*FindCookie(home_.c_str(), config_.c_str()), "HOME");
  EXPECT_EQ(*FindCookie(home_.c_str(), nullptr), "HOME");
}

TEST_F(CookieTest, IsElseThatOfTheConfigurationDirectory) {
  Write("home/.config/erlang/.erlang.cookie", "CONFIG");
  Write("config/erlang/.erlang.cookie", "XDG");
  EXPECT_EQ(*FindCookie(home_.c_str(), config_.c_str()), "XDG");
  EXPECT_EQ(*FindCookie(nullptr, config_.c_str()), "XDG");
}

TEST_F(CookieTest, LooksInDotConfigWithoutXdgConfigHome) {
  Write("home/.config/erlang/.erlang.cookie", "CONFIG");
  EXPECT_EQ(*FindCookie(home_.c_str(), nullptr), "CONFIG");
  EXPECT_EQ(*FindCookie(home_.c_str(), ""), "CONFIG");
}

TEST_F(CookieTest, OneThatCannotBeUsedIsNotPassedOver) {
  Write("home/.erlang.cookie", "HOME", 0644);
  Write("config/erlang/.erlang.cookie", "XDG");
  EXPECT_TRUE(absl::IsFailedPrecondition(
      FindCookie(home_.c_str(), config_.c_str()).status()));
}

TEST_F(CookieTest, WithoutAFileTellsWhereItLookedAndMakesNone) {
  const absl::Status status =
      FindCookie(home_.c_str(), config_.c_str()).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr(home_ + "/.erlang.cookie"));
  EXPECT_THAT(message, HasSubstr(config_ + "/erlang/.erlang.cookie"));
  EXPECT_THAT(message, HasSubstr("--cookie_file="));
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(CookieTest, WithoutAHomeDirectoryTellsSo) {
  const absl::Status status = FindCookie(nullptr, nullptr).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("HOME is not set"));
}

// What may be in it.

TEST_F(CookieTest, EndsBeforeTheEndOfTheLine) {
  EXPECT_EQ(*Read("COOKIE"), "COOKIE");
  EXPECT_EQ(*Read("COOKIE\n"), "COOKIE");
  EXPECT_EQ(*Read("COOKIE\r\n\n \n"), "COOKIE");
}

TEST_F(CookieTest, KeepsItsBlanks) {
  EXPECT_EQ(*Read(" a b \n"), " a b ");
  EXPECT_EQ(*Read("  \n"), "  ");
}

TEST_F(CookieTest, MayHaveEveryPrintableCharacter) {
  std::string all;
  for (char c = ' '; c <= '~'; ++c) all.push_back(c);
  EXPECT_EQ(*Read(all), all);
}

TEST_F(CookieTest, IsRefusedWithOtherCharacters) {
  const std::string path = directory_.Join("file");
  for (const char* text : {"a\tb", "a\nb\n", "\303\244", "a\n\177"}) {
    Write("file", text);
    ExpectRefused(path, "printable ASCII");
  }
  Write("file", "ab\tc");
  ExpectRefused(path, "byte 3 is 0x09");
}

TEST_F(CookieTest, IsRefusedIfEmpty) {
  ExpectRefused(Write("file", ""), "empty");
  ExpectRefused(Write("file", "\n"), "empty");
}

TEST_F(CookieTest, MayBeAsLongAsAnAtom) {
  EXPECT_EQ(*Read(std::string(255, 'c') + "\n"), std::string(255, 'c'));
  ExpectRefused(Write("file", std::string(256, 'c')), "255 characters");
  ExpectRefused(Write("file", std::string(1'000'000, 'c')), "255 characters");
}

// Which files are accepted.

TEST_F(CookieTest, IsRefusedIfOthersMayAccessTheFile) {
  for (const mode_t mode : {0640, 0620, 0610, 0604, 0602, 0601}) {
    ExpectRefused(Write("file", "COOKIE", mode), "chmod 400");
  }
  EXPECT_EQ(*ReadCookieFile(Write("file", "COOKIE", 0400)), "COOKIE");
  EXPECT_EQ(*ReadCookieFile(Write("file", "COOKIE", 0700)), "COOKIE");
}

TEST_F(CookieTest, IsRefusedIfTheFileIsNotARegularOne) {
  ExpectRefused(directory_.path(), "not a regular file");
  const std::string fifo = directory_.Join("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  ExpectRefused(fifo, "not a regular file");
}

TEST_F(CookieTest, MayBeBehindASymbolicLink) {
  const std::string link = directory_.Join("link");
  std::filesystem::create_symlink(Write("file", "COOKIE"), link);
  EXPECT_EQ(*ReadCookieFile(link), "COOKIE");
}

TEST_F(CookieTest, WhatTheSystemSaysIsToldWithThePath) {
  const std::string path = Write("file", "COOKIE") + "/under";
  const absl::Status status = ReadCookieFile(path).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  EXPECT_TRUE(
      absl::IsNotFound(ReadCookieFile(directory_.Join("none")).status()));
}

}  // namespace
}  // namespace ringdist
