#include "ringdist/bench/load/plot.h"

#include <cstdlib>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/file_text.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Plot SamplePlot() {
  Panel panel;
  panel.title = "It's 50 %";
  panel.x.label = "part";
  panel.x.is_logarithmic = true;
  panel.x.tics = {{"0 %", 1}, {"90 %", 10}};
  panel.y.label = "latency (us)";
  panel.curves = {{.name = "", .points = {{1, 2}}, .is_faint = true},
                  {.name = "p99", .points = {{1, 20.5}, {10, 1e6}}}};
  Panel below;
  below.y.has_prefixes = true;
  below.curves = {{.name = "rate", .points = {{0, 0}, {1, 70'000}}}};
  return {{panel, below}};
}

TEST(PlotTest, TheScript) {
  const std::string script = GnuplotScript(SamplePlot(), "/tmp/a'b.png");
  EXPECT_THAT(script, StartsWith("set terminal pngcairo size 1000,760 "));
  EXPECT_THAT(script, HasSubstr("set output '/tmp/a''b.png'\n"));
  EXPECT_THAT(script, HasSubstr("set multiplot layout 2,1\n"));
  EXPECT_THAT(script, HasSubstr("set title 'It''s 50 %' noenhanced\n"));
  EXPECT_THAT(script, HasSubstr("set xlabel 'part'\nset logscale x\n"));
  EXPECT_THAT(script, HasSubstr("set xtics ('0 %%' 1, '90 %%' 10)\n"));
  EXPECT_THAT(script,
              HasSubstr("plot '-' with lines lc rgb '#bbbbbb' lw 1 notitle, "
                        "'-' with lines lc rgb '#0072b2' lw 2 title 'p99'\n"
                        "1 2\ne\n1 20.5\n10 1000000\ne\n"));
  EXPECT_THAT(script, HasSubstr("set format y '%.1s %c'\n"));
  EXPECT_THAT(script, HasSubstr("set yrange [0:*]\n"));
  Plot plot = SamplePlot();
  plot.panels[0].y.is_logarithmic = true;
  EXPECT_THAT(GnuplotScript(plot, ""), HasSubstr("set yrange [*:*]\n"));
  plot.panels[0].y.lowest = 0.25;
  EXPECT_THAT(GnuplotScript(plot, ""), HasSubstr("set yrange [0.25:*]\n"));
}

TEST(PlotTest, GnuplotDrawsIt) {
  const TemporaryDirectory directory;
  const std::string path = directory.Join("plot.png");
  ASSERT_TRUE(CheckGnuplot().ok()) << CheckGnuplot();
  const absl::Status drawn = DrawPng(SamplePlot(), path);
  ASSERT_TRUE(drawn.ok()) << drawn;
  const absl::StatusOr<std::string> png = ReadFile(path);
  ASSERT_TRUE(png.ok()) << png.status();
  EXPECT_THAT(*png, StartsWith("\x89PNG\r\n\x1a\n"));
  // Bytes 16 to 23: width and height.
  ASSERT_GT(png->size(), 1000u);
  EXPECT_EQ(png->substr(16, 8), std::string("\0\0\x03\xe8\0\0\x02\xf8", 8));
}

TEST(PlotTest, TellsWhereItCannotBeWritten) {
  const absl::Status drawn = DrawPng(SamplePlot(), "/nowhere/plot.png");
  EXPECT_THAT(std::string(drawn.message()),
              HasSubstr("gnuplot could not draw /nowhere/plot.png"));
}

TEST(PlotTest, TellsHowToGetGnuplot) {
  const std::string path = getenv("PATH");
  ASSERT_EQ(setenv("PATH", "/nowhere", 1), 0);
  const absl::Status status = CheckGnuplot();
  const absl::Status drawn = DrawPng(SamplePlot(), "/nowhere/plot.png");
  ASSERT_EQ(setenv("PATH", path.c_str(), 1), 0);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("apt-get install gnuplot-nox"));
  EXPECT_EQ(drawn, status);
}

}  // namespace
}  // namespace ringdist
