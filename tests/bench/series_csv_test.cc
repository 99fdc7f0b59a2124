#include "ringdist/bench/load/series_csv.h"

#include "gtest/gtest.h"
#include "ringdist/tests/bench/sample_results.h"

namespace ringdist {
namespace {

TEST(SeriesCsvTest, HasALineForEachInterval) {
  LoadResults results = SampleResults();
  results.runs[0].measurements.pop_back();
  EXPECT_EQ(
      SeriesCsv(results),
      "run,repeat,start_s,messages,bytes,errors,messages_per_s,bytes_per_s,"
      "p50_us,p99_us,max_us\n"
      "echo,1,0.000,600,38400,0,1200.0,76800.0,300.000,590.000,600.000\n"
      "echo,1,0.500,400,25600,0,800.0,51200.0,800.500,990.000,1000.000\n"
      "echo,2,0.000,590,37760,0,1180.0,75520.0,300.000,590.000,600.000\n"
      "echo,2,0.500,400,25600,0,800.0,51200.0,800.500,990.000,1000.000\n"
      "stream,1,0.000,2000000,32000000,0,4000000.0,64000000.0,,,\n");
}

TEST(SeriesCsvTest, WithoutRunsItHasTheNamesOnly) {
  EXPECT_EQ(SeriesCsv(LoadResults()),
            "run,repeat,start_s,messages,bytes,errors,messages_per_s,"
            "bytes_per_s,p50_us,p99_us,max_us\n");
}

}  // namespace
}  // namespace ringdist
