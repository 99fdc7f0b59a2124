#include "ringdist/bench/load/plot.h"

#include <sys/wait.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

constexpr int kWidth = 1000;  // Pixels.
constexpr int kPanelHeight = 380;
constexpr char kStyle[] =
    "set encoding utf8\n"
    "set border 3 lc rgb '#666666'\n"
    "set grid lc rgb '#dddddd' lt 1\n"
    "set tics nomirror textcolor rgb '#333333'\n"
    "set key tmargin right horizontal Left reverse noenhanced\n"
    "set lmargin 12\n"
    "set rmargin 5\n";
// Told apart by those who see no colours, too (Okabe and Ito).
constexpr const char* kColours[] = {"#0072b2", "#d55e00", "#009e73",
                                    "#cc79a7", "#e69f00", "#56b4e9"};
constexpr char kMissing[] =
    "gnuplot, which draws the plots of --report, is not installed: apt-get "
    "install gnuplot-nox (tools/setup does), or leave out --report";

// A text in gnuplot's single quotes.
std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "'", absl::StrReplaceAll(text, {{"'", "''"}, {"\n", " "}}), "'");
}

std::string LineStyle(const Curve& curve, size_t colour) {
  if (curve.is_faint) return "lc rgb '#bbbbbb' lw 1";
  return absl::StrCat("lc rgb '", kColours[colour % std::size(kColours)],
                      "' lw 2");
}

// "plot '-' with lines .., ..", and the points of each behind it.
std::string PlotCommand(const Panel& panel) {
  std::vector<std::string> parts;
  std::string data;
  size_t colour = 0;
  for (const Curve& curve : panel.curves) {
    const std::string title = curve.name.empty()
                                  ? "notitle"
                                  : absl::StrCat("title ", Quoted(curve.name));
    parts.push_back(
        absl::StrCat("'-' with lines ", LineStyle(curve, colour), " ", title));
    if (!curve.is_faint) ++colour;
    for (const auto& [x, y] : curve.points) {
      absl::StrAppendFormat(&data, "%.9g %.9g\n", x, y);
    }
    absl::StrAppend(&data, "e\n");
  }
  return absl::StrCat("plot ", absl::StrJoin(parts, ", "), "\n", data);
}

std::string TicsOf(const Axis& axis) {
  if (axis.tics.empty()) return "autofreq";
  const auto append = [](std::string* out, const auto& tic) {
    // The text of a tic is a format for its number.
    const std::string text = absl::StrReplaceAll(tic.first, {{"%", "%%"}});
    absl::StrAppendFormat(out, "%s %.9g", Quoted(text), tic.second);
  };
  return absl::StrCat("(", absl::StrJoin(axis.tics, ", ", append), ")");
}

// `name` is x or y.
std::string AxisScript(absl::string_view name, const Axis& axis) {
  return absl::StrCat("set ", name, "label ", Quoted(axis.label), "\n",
                      axis.is_logarithmic ? "set" : "unset", " logscale ", name,
                      "\nset format ", name,
                      axis.has_prefixes ? " '%.1s %c'\n" : " '%g'\n",  //
                      "set ", name, "tics ", TicsOf(axis), "\n");
}

std::string RangeOf(const Axis& axis) {
  if (!axis.is_logarithmic) return "[0:*]";
  return axis.lowest > 0 ? absl::StrFormat("[%.9g:*]", axis.lowest) : "[*:*]";
}

std::string PanelScript(const Panel& panel) {
  return absl::StrCat("set title ", Quoted(panel.title), " noenhanced\n",
                      AxisScript("x", panel.x), AxisScript("y", panel.y),
                      "set yrange ", RangeOf(panel.y), "\n",
                      PlotCommand(panel));
}

}  // namespace

std::string GnuplotScript(const Plot& plot, absl::string_view path) {
  std::string script = absl::StrFormat(
      "set terminal pngcairo size %d,%d font 'sans,11'\nset output %s\n",
      kWidth, kPanelHeight * plot.panels.size(), Quoted(path));
  absl::StrAppend(&script, kStyle, "set multiplot layout ", plot.panels.size(),
                  ",1\n");
  for (const Panel& panel : plot.panels) {
    absl::StrAppend(&script, PanelScript(panel));
  }
  absl::StrAppend(&script, "unset multiplot\n");
  return script;
}

absl::Status CheckGnuplot() {
  FILE* const pipe = popen("command -v gnuplot >/dev/null", "r");
  if (pipe != nullptr && pclose(pipe) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(kMissing);
}

absl::Status DrawPng(const Plot& plot, const std::string& path) {
  FILE* const pipe = popen("gnuplot", "w");
  if (pipe == nullptr) {
    return SystemError("popen", "gnuplot", errno, "it cannot be started");
  }
  const std::string script = GnuplotScript(plot, path);
  fwrite(script.data(), 1, script.size(), pipe);
  const int status = pclose(pipe);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    return absl::FailedPreconditionError(kMissing);
  }
  return absl::InternalError(
      absl::StrCat("gnuplot could not draw ", path, ": it ended with ",
                   WIFEXITED(status) ? WEXITSTATUS(status) : -1));
}

}  // namespace ringdist
