#include "ringdist/proto/growing_memory.h"

#include <cstddef>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/tests/testing/memory_use.h"

namespace ringdist {
namespace {

constexpr size_t kMebibyte = size_t{1024} * 1024;

TEST(GrowingMemory, KeepsWhatItIsToldToKeep) {
  GrowingMemory memory;
  EXPECT_EQ(memory.size(), 0u);
  std::string expected;
  // From malloc, to pages, and on.
  for (const size_t size :
       {size_t{1}, size_t{100}, 3 * kMebibyte, 4 * kMebibyte - 1, 4 * kMebibyte,
        5 * kMebibyte + 1, 40 * kMebibyte}) {
    SCOPED_TRACE(size);
    if (size > memory.size()) memory.Grow(size, expected.size());
    ASSERT_GE(memory.size(), size);
    EXPECT_EQ(std::memcmp(memory.begin(), expected.data(), expected.size()), 0);
    while (expected.size() < size) {
      expected.push_back(static_cast<char>(expected.size() % 251));
    }
    std::memcpy(memory.begin(), expected.data(), size);
  }
}

void ExpectOneMappingIsKept() {
  GrowingMemory first;
  first.Grow(10 * kMebibyte, 0);
  const char* const place = first.begin();
  first.Clear();
  GrowingMemory second;
  second.Grow(6 * kMebibyte, 0);
  EXPECT_EQ(second.begin(), place);
  EXPECT_EQ(second.size(), 10 * kMebibyte);
  std::memset(second.begin(), 'x', second.size());
  // The larger one of two; beyond 128 MiB none.
  GrowingMemory third;
  third.Grow(30 * kMebibyte, 0);
  const char* const larger = third.begin();
  second.Clear();
  third.Clear();
  GrowingMemory huge;
  huge.Grow(200 * kMebibyte, 0);
  huge.Clear();
  first.Grow(5 * kMebibyte, 0);
  EXPECT_EQ(first.begin(), larger);
}

TEST(GrowingMemory, OneMappingIsKeptForTheNext) {
  if (!kMemoryUseIsMeaningful) GTEST_SKIP() << "none is kept here";
  // This thread has one already, perhaps.
  std::thread(ExpectOneMappingIsKept).join();
}

TEST(GrowingMemory, WhatWasMovedFromIsEmpty) {
  GrowingMemory from;
  from.Grow(100'000, 0);
  char* const place = from.begin();
  GrowingMemory to = std::move(from);
  EXPECT_EQ(to.begin(), place);
  EXPECT_EQ(from.size(), 0u);
  from.Grow(10, 0);
  to = std::move(from);
  EXPECT_EQ(to.size(), 10u);
  EXPECT_EQ(from.begin(), nullptr);
}

TEST(GrowingMemory, LargeAtOnce) {
  GrowingMemory memory;
  memory.Grow(10 * kMebibyte, 0);
  std::memset(memory.begin(), 'x', memory.size());
}

TEST(GrowingMemory, AWriterGrowsAlongWithIt) {
  StringWriter writer;
  std::string expected;
  for (int i = 0; expected.size() < 20 * kMebibyte; ++i) {
    const std::string part(1000 * i, static_cast<char>('a' + i % 26));
    writer.WriteBytes(part);
    expected += part;
  }
  EXPECT_TRUE(writer.view() == expected);
}

}  // namespace
}  // namespace ringdist
