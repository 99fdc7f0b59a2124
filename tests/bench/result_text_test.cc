#include "ringdist/bench/load/result_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/run_summary.h"
#include "ringdist/tests/bench/sample_results.h"

namespace ringdist {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ResultTextTest, OfARunThatWasRepeated) {
  EXPECT_EQ(RunText(SampleEcho()), R"(echo, packet level, 64 B, 1 connection
  ringdist (cpu 0) to ringdist (cpu 1); open loop, poisson 1.00 k/s; 1s after 1s of warm-up, 3 times
  1.00 k round trips per second; half took at most 500 us, 99 % at most 990 us.

                        median      lowest     highest    spread
  round trips         1.00 k/s       990/s    1.01 k/s     2.0 %
  bandwidth          64.0 kB/s   63.4 kB/s   64.6 kB/s     2.0 %
  latency p50           500 us      495 us      505 us     2.0 %
  latency p90           900 us      891 us      909 us     2.0 %
  latency p99           990 us      982 us     1.00 ms     1.9 %
  latency p99.9         999 us      990 us     1.01 ms     1.9 %
  latency p99.99       1.00 ms      990 us     1.01 ms     2.0 %
  latency max          1.00 ms      990 us     1.01 ms     2.0 %
  blocked p50          1.50 us     1.50 us     1.50 us     0.0 %
  blocked p99          1.50 us     1.50 us     1.50 us     0.0 %

  asked for 1.00 k/s, reached 100.0 % of it
  3,000 round trips checked (ends): none lost, duplicated, reordered or corrupted
  the generator itself takes 12.3 ns for each (against a null target)
)");
}

TEST(ResultTextTest, OfARunMeasuredOnce) {
  EXPECT_EQ(RunText(SampleStream()), R"(stream, node level, 16 B, 1 connection
  ringdist (cpu 0) to beam (cpu 1), 1 scheduler of BEAM; closed loop; 500ms
  4.00 M messages per second, one way, or 64.0 MB/s.

  messages            4.00 M/s
  bandwidth          64.0 MB/s

  2,000,000 messages checked (ends): none lost, duplicated, reordered or corrupted
  receiver: 0.00025 kernel entries, 240 ns of CPU for each; 8.74 MiB of memory
  sender: 1 completions for each
  what the generator itself takes is not known: the client is a beam
  beam_reductions: 1,234,567
)");
}

TEST(ResultTextTest, TellsWhatItWasMeasuredOn) {
  EXPECT_EQ(MeasuredOnText(SampleResults().machine),
            "Measured on Linux 6.18.5 x86_64, 2 x Test CPU, virtual, 16 GiB of "
            "memory; commit 0123456789ab, optimised\n");
}

TEST(RunSummaryTest, OfASearch) {
  LoadRun run = SampleEcho();
  RateSearch& search = run.search.emplace();
  ASSERT_TRUE(Condition::Parse("p99<200us", search.slo).ok());
  search.steps = {{1000, 999, 150'000, ""}, {2000, 1500, -1, "p99 is 1.00 ms"}};
  search.rate = 1000;
  EXPECT_EQ(Headline(run),
            "1.00 k/s is the highest rate at which p99<200us holds.");
  EXPECT_THAT(SearchSteps(run), ElementsAre("  1.00 k/s  holds",
                                            "  2.00 k/s  no: p99 is 1.00 ms"));
  search.interrupted = true;
  EXPECT_EQ(Headline(run),
            "1.00 k/s is the highest rate tried so far at which p99<200us "
            "holds.");
  search.rate = 0;
  EXPECT_EQ(Headline(run), "No rate was found at which p99<200us holds.");
}

TEST(RunSummaryTest, OfHeldConnections) {
  LoadRun run;
  run.spec.workload = Workload::kIdle;
  run.spec.connections = 5000;
  run.measurements.resize(1);
  run.measurements[0].duration = absl::Seconds(1);
  run.measurements[0].counters = {{"server_memory_per_connection", 7168}};
  EXPECT_EQ(Headline(run),
            "5,000 connections were held; each takes 7 KiB of the target's "
            "memory.");
  ASSERT_EQ(FigureRows(run).size(), 1u);
  EXPECT_EQ(FigureRows(run)[0].median, "7 KiB");
}

TEST(RunSummaryTest, WarnsOfAllThatIsWrong) {
  LoadRun run = SampleEcho();
  EXPECT_THAT(Warnings(run), IsEmpty());
  run.measurements[0].faults = {1000, 2, 3, 4};
  run.measurements[2].faults = {234, 0, 0, 0};
  run.measurements[1].errors = 2;
  run.measurements[1].first_error = "refused";
  run.measurements[2].interrupted = true;
  for (Measurement& measurement : run.measurements) measurement.messages = 500;
  EXPECT_THAT(Warnings(run),
              ElementsAre("messages lost: 1,234, duplicated: 2, reordered: 3, "
                          "corrupted: 4",
                          "2 failed; first: refused",
                          "the target did not keep up with the rate",
                          "interrupted: these are the results so far"));
}

TEST(RunSummaryTest, TellsWhatWentBesideRoundTrips) {
  LoadRun run = SampleEcho();
  run.spec.workload = Workload::kMixed;
  run.measurements[0].counters = {{"large_bytes_per_second", 3.21e9}};
  EXPECT_THAT(Remarks(run),
              Contains("beside them: messages of 64 MiB, 3.21 GB/s"));
}

TEST(RunSummaryTest, OfNothing) {
  LoadRun run;
  EXPECT_EQ(Headline(run), "Nothing was measured.");
  EXPECT_THAT(FigureRows(run), IsEmpty());
  EXPECT_THAT(Remarks(run), IsEmpty());
}

}  // namespace
}  // namespace ringdist
