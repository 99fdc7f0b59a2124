#include "ringdist/proto/growing_memory.h"

#include <cstddef>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"

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
