#include "ringdist/bench/load/report.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/file_text.h"
#include "ringdist/bench/load/result_plots.h"
#include "ringdist/tests/bench/sample_results.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

const Curve& CurveOf(const Panel& panel, absl::string_view name) {
  for (const Curve& curve : panel.curves) {
    if (curve.name == name) return curve;
  }
  ADD_FAILURE() << "no curve " << name;
  return panel.curves.front();
}

std::vector<std::string> NamesOf(const std::vector<NamedPlot>& plots) {
  std::vector<std::string> names;
  for (const NamedPlot& plot : plots) names.push_back(plot.name);
  return names;
}

TEST(ResultPlotsTest, OfARunThatWasRepeated) {
  const std::vector<NamedPlot> plots = PlotsOf(SampleEcho());
  ASSERT_THAT(NamesOf(plots), ElementsAre("latency", "series"));
  const Panel& latency = plots[0].plot.panels[0];
  EXPECT_EQ(latency.y.label, "latency (us)");
  // Three repeats, and all of them.
  EXPECT_EQ(latency.curves.size(), 4u);
  const Curve& all = CurveOf(latency, "all repeats");
  EXPECT_THAT(all.points.front(), Pair(1, 1));
  // 1010 us are the longest of 3000.
  EXPECT_DOUBLE_EQ(all.points.back().first, 3000);
  EXPECT_NEAR(all.points.back().second, 1010, 1);
  for (size_t i = 1; i < all.points.size(); ++i) {
    EXPECT_GE(all.points[i].first, all.points[i - 1].first);
    EXPECT_GE(all.points[i].second, all.points[i - 1].second);
  }
  EXPECT_THAT(latency.x.tics,
              ElementsAre(Pair("0 %", 1), Pair("90 %", 10), Pair("99 %", 100),
                          Pair("99.9 %", 1000), Pair("99.99 %", 10000)));
}

TEST(ResultPlotsTest, OverTimeTheMedianIsDrawn) {
  const std::vector<NamedPlot> plots = PlotsOf(SampleEcho());
  ASSERT_EQ(plots.size(), 2u);
  ASSERT_EQ(plots[1].plot.panels.size(), 2u);
  EXPECT_THAT(CurveOf(plots[1].plot.panels[0], "rate, median").points,
              ElementsAre(Pair(0, 1200), Pair(0.5, 800)));
  EXPECT_THAT(CurveOf(plots[1].plot.panels[1], "p99").points,
              ElementsAre(Pair(0, 590), Pair(0.5, 990)));
}

TEST(ResultPlotsTest, WithoutLatenciesAGapIsLeft) {
  LoadRun run = SampleEcho();
  run.measurements.resize(1);
  run.measurements[0].series[0].max_ns = 0;
  const std::vector<NamedPlot> plots = PlotsOf(run);
  EXPECT_THAT(CurveOf(plots[1].plot.panels[1], "p50").points,
              ElementsAre(Pair(0.5, 800.5)));
}

TEST(ResultPlotsTest, ValuesFarApartAreOnALogarithmicAxis) {
  LoadRun run = SampleEcho();
  run.measurements.resize(1);
  Histogram& latency = run.measurements[0].latency;
  latency.Clear();
  latency.Record(20'000, 99);
  latency.Record(599'000);
  EXPECT_FALSE(PlotsOf(run)[0].plot.panels[0].y.is_logarithmic);
  latency.Record(100'000'000);
  const Panel panel = PlotsOf(run)[0].plot.panels[0];
  EXPECT_TRUE(panel.y.is_logarithmic);
  EXPECT_EQ(panel.y.label, "latency (ms)");
}

TEST(ResultPlotsTest, BlockedTimeIsDrawnWhereItMatters) {
  LoadRun run = SampleEcho();
  EXPECT_EQ(PlotsOf(run)[0].plot.panels[0].curves.size(), 4u);
  run.measurements[0].blocked.Record(700'000, 10);
  const std::vector<NamedPlot> plots = PlotsOf(run);
  EXPECT_NEAR(CurveOf(plots[0].plot.panels[0], "blocked").points.back().second,
              700, 1);
}

TEST(ResultPlotsTest, OfASearch) {
  LoadRun run = SampleEcho();
  RateSearch& search = run.search.emplace();
  ASSERT_TRUE(Condition::Parse("p99<200us", search.slo).ok());
  search.steps = {{1000, 999, 150'000, ""},
                  {4000, 1500, 400'000, "p99 is 400 us"},
                  {2000, 1999, 180'000, ""},
                  {8000, 0, -1, "nothing"}};
  const std::vector<NamedPlot> plots = PlotsOf(run);
  ASSERT_THAT(NamesOf(plots), ElementsAre("latency", "series", "search"));
  EXPECT_THAT(CurveOf(plots[2].plot.panels[0], "p99").points,
              ElementsAre(Pair(1000, 150), Pair(2000, 180), Pair(4000, 400)));
  EXPECT_THAT(CurveOf(plots[2].plot.panels[0], "limit").points,
              ElementsAre(Pair(1000, 200), Pair(4000, 200)));
}

TEST(ResultPlotsTest, NothingIsDrawnOfNothing) {
  EXPECT_THAT(PlotsOf(LoadRun()), IsEmpty());
  // One interval makes no line, and a closed stream has no latencies.
  EXPECT_THAT(PlotsOf(SampleStream()), IsEmpty());
}

TEST(ReportTest, IsOnePageWithEverything) {
  LoadResults results = SampleResults();
  results.arguments.emplace_back("--target=<script>&\"");
  const std::string html =
      ReportHtml(results, {{"echo", "How it was", "png bytes"}});
  EXPECT_THAT(html, HasSubstr("<h2>echo</h2>"));
  EXPECT_THAT(html, HasSubstr("<h2>stream</h2>"));
  EXPECT_THAT(html, HasSubstr("<td>latency p99</td><td class=\"best\">990 us"
                              "</td><td>982 us</td><td>1.00 ms</td>"));
  EXPECT_THAT(html, HasSubstr(absl::StrCat("src=\"data:image/png;base64,",
                                           absl::Base64Escape("png bytes"))));
  EXPECT_THAT(html, HasSubstr("Linux 6.18.5 x86_64, 2 x Test CPU"));
  EXPECT_THAT(html, HasSubstr("commit 0123456789ab, optimised"));
  // What others wrote is text.
  EXPECT_THAT(html, HasSubstr("--target=&lt;script&gt;&amp;&quot;"));
  // Nothing is loaded from elsewhere.
  EXPECT_THAT(html, AllOf(Not(HasSubstr("http")), Not(HasSubstr("<script")),
                          Not(HasSubstr("<link"))));
}

TEST(ReportTest, WarningsCannotBeOverlooked) {
  LoadResults results = SampleResults();
  results.runs[0].measurements[0].faults.lost = 3;
  EXPECT_THAT(ReportHtml(results, {}),
              HasSubstr("<p class=\"warning\">messages lost: 3,"));
}

TEST(ReportTest, ThePlotsAreInItAndBesideIt) {
  const TemporaryDirectory directory;
  const absl::Status written =
      WriteReport(SampleResults(), directory.Join("load.html"));
  ASSERT_TRUE(written.ok()) << written;
  const std::string html = ReadFile(directory.Join("load.html")).value();
  for (const char* name : {"load-echo-latency.png", "load-echo-series.png"}) {
    const absl::StatusOr<std::string> png = ReadFile(directory.Join(name));
    ASSERT_TRUE(png.ok()) << png.status();
    EXPECT_THAT(html, HasSubstr(absl::Base64Escape(*png))) << name;
  }
}

}  // namespace
}  // namespace ringdist
