// Plot: curves in one or more panels, drawn as a PNG by gnuplot.
//
//   Plot plot;
//   Panel& panel = plot.panels.emplace_back();
//   panel.y.label = "latency (us)";
//   panel.curves.push_back({"echo", {{0, 20.1}, {1, 20.3}}});
//   absl::Status drawn = DrawPng(plot, "echo.png");

#ifndef RINGDIST_BENCH_LOAD_PLOT_H_
#define RINGDIST_BENCH_LOAD_PLOT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace ringdist {

struct Curve {
  std::string name;  // For the key; empty: not in it.
  std::vector<std::pair<double, double>> points;
  bool is_faint = false;  // Drawn thin and light, behind the others.
};

struct Axis {
  std::string label;
  bool is_logarithmic = false;
  double lowest = 0;  // Where a logarithmic one begins; 0: at its first value.
  bool has_prefixes = false;  // 70 k instead of 70000.
  // "text" at a position, instead of numbers.
  std::vector<std::pair<std::string, double>> tics;
};

struct Panel {
  std::string title;
  Axis x;
  Axis y;  // Begins at 0, if it is not logarithmic.
  std::vector<Curve> curves;
};

struct Plot {
  std::vector<Panel> panels;  // One above the other.
};

// The program for gnuplot that draws it into a file.
std::string GnuplotScript(const Plot& plot, absl::string_view path);

// FailedPrecondition if gnuplot is not there, and how to get it. Ask before
// anything is measured.
absl::Status CheckGnuplot();

// Writes the file. An error says what gnuplot ended with; what it complains of
// goes to standard error.
absl::Status DrawPng(const Plot& plot, const std::string& path);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_PLOT_H_
