#include "ringdist/bench/load/machine.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/commit.h"

namespace ringdist {
namespace {

using ::testing::MatchesRegex;
using ::testing::StartsWith;

TEST(MachineTest, DescribesThisOne) {
  const Machine machine = Machine::Describe();
  EXPECT_THAT(machine.kernel, StartsWith("Linux "));
  EXPECT_NE(machine.cpu, "");
  EXPECT_GE(machine.cpus, 1);
  EXPECT_GT(machine.memory_bytes, 100u << 20);
  EXPECT_THAT(machine.commit, MatchesRegex("unknown|[0-9a-f]{12}(-changed)?"));
}

TEST(MachineTest, FindsTheModel) {
  EXPECT_EQ(CpuModelOf("processor\t: 0\nmodel\t\t: 207\n"
                       "model name\t: AMD EPYC 9B14 : special\n"),
            "AMD EPYC 9B14 : special");
  EXPECT_EQ(CpuModelOf("processor\t: 0\nCPU implementer\t: 0x41\n"
                       "CPU part\t: 0xd0c\n"),
            "implementer 0x41, part 0xd0c");
  EXPECT_EQ(CpuModelOf(""), "unknown");
}

TEST(MachineTest, KnowsAVirtualCpu) {
  EXPECT_TRUE(IsVirtualCpu("flags\t\t: fpu hypervisor\n"));
  EXPECT_TRUE(IsVirtualCpu("flags\t\t: hypervisor lahf_lm\n"));
  EXPECT_FALSE(IsVirtualCpu("flags\t\t: fpu nohypervisor\n"));
  EXPECT_FALSE(IsVirtualCpu(""));
}

}  // namespace
}  // namespace ringdist
