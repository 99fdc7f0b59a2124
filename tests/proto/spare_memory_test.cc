#include "ringdist/proto/spare_memory.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "gtest/gtest.h"
#include "ringdist/tests/testing/memory_use.h"

namespace ringdist {
namespace {

constexpr size_t kKibibyte = 1024;

char* TakeExactly(size_t size) {
  size_t taken = size;
  char* const block = SpareMemory::Take(&taken);
  EXPECT_EQ(taken, size);
  std::memset(block, 'x', size);
  return block;
}

TEST(SpareMemoryTest, IsForSomeSizes) {
  EXPECT_FALSE(SpareMemory::Keeps(0));
  EXPECT_FALSE(SpareMemory::Keeps(16 * kKibibyte));
  EXPECT_TRUE(SpareMemory::Keeps(16 * kKibibyte + 1));
  EXPECT_TRUE(SpareMemory::Keeps(2048 * kKibibyte));
  EXPECT_FALSE(SpareMemory::Keeps(2048 * kKibibyte + 1));
}

TEST(SpareMemoryTest, BlocksArePowersOfTwo) {
  for (const size_t size :
       {16 * kKibibyte + 1, 20 * kKibibyte, 32 * kKibibyte}) {
    size_t taken = size;
    char* const block = SpareMemory::Take(&taken);
    EXPECT_EQ(taken, 32 * kKibibyte);
    SpareMemory::Return(block, taken);
  }
}

TEST(SpareMemoryTest, TwoOfEachSizeAreTakenAgain) {
  if (!kMemoryUseIsMeaningful) GTEST_SKIP() << "none is kept here";
  const size_t size = 64 * kKibibyte;
  char* const first = TakeExactly(size);
  char* const second = TakeExactly(size);
  char* const third = TakeExactly(size);
  SpareMemory::Return(first, size);
  SpareMemory::Return(second, size);
  const size_t kept = AllocatedBytes();
  SpareMemory::Return(third, size);
  EXPECT_LE(AllocatedBytes() + size, kept);
  char* const other_size = TakeExactly(2 * size);
  EXPECT_EQ(TakeExactly(size), second);
  EXPECT_EQ(TakeExactly(size), first);
  SpareMemory::Return(first, size);
  SpareMemory::Return(second, size);
  SpareMemory::Return(other_size, 2 * size);
}

TEST(SpareMemoryTest, AThreadLeavesNothingBehind) {
  if (!kMemoryUseIsMeaningful) GTEST_SKIP() << "none is kept here";
  const size_t size = 1024 * kKibibyte;
  char* block = nullptr;
  // What is returned in the end stays malloc's, whoever took it.
  std::thread([&] { block = TakeExactly(size); }).join();
  std::thread([&] { SpareMemory::Return(block, size); }).join();
  const size_t before = AllocatedBytes();
  std::thread([&] {
    SpareMemory::Return(TakeExactly(size), size);
    EXPECT_GE(AllocatedBytes(), before + size);
  }).join();
  EXPECT_LT(AllocatedBytes(), before + size);
}

}  // namespace
}  // namespace ringdist
