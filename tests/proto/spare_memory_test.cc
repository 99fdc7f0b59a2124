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

// How large what it gives for `size` bytes is.
size_t TakenFor(size_t size) {
  char* const block = SpareMemory::Take(&size);
  SpareMemory::Return(block, size);
  return size;
}

TEST(SpareMemoryTest, SizesBetweenAreRoundedToPowersOfTwo) {
  EXPECT_EQ(TakenFor(1), 1u);
  EXPECT_EQ(TakenFor(16 * kKibibyte), 16 * kKibibyte);
  EXPECT_EQ(TakenFor(16 * kKibibyte + 1), 32 * kKibibyte);
  EXPECT_EQ(TakenFor(32 * kKibibyte), 32 * kKibibyte);
  EXPECT_EQ(TakenFor(2048 * kKibibyte - 1), 2048 * kKibibyte);
  EXPECT_EQ(TakenFor(2048 * kKibibyte + 1), 2048 * kKibibyte + 1);
}

TEST(SpareMemoryTest, OnlyWhatIsMappedIsExtended) {
  size_t size = 4096 * kKibibyte - 1;
  size_t larger = 8192 * kKibibyte - 1;
  char* const small = SpareMemory::Take(&size);
  EXPECT_EQ(SpareMemory::Extend(small, size, &larger), nullptr);
  EXPECT_EQ(larger, 8192 * kKibibyte - 1);
  SpareMemory::Return(small, size);

  size = 4096 * kKibibyte;
  char* const mapped = SpareMemory::Take(&size);
  std::memset(mapped, 'x', size);
  char* const extended = SpareMemory::Extend(mapped, size, &larger);
  ASSERT_NE(extended, nullptr);
  EXPECT_EQ(larger, 8192 * kKibibyte);
  EXPECT_EQ(extended[size - 1], 'x');
  extended[larger - 1] = 'x';
  SpareMemory::Return(extended, larger);
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
