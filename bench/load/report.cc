#include "ringdist/bench/load/report.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "ringdist/bench/load/file_text.h"
#include "ringdist/bench/load/plot.h"
#include "ringdist/bench/load/result_plots.h"
#include "ringdist/bench/load/result_text.h"
#include "ringdist/bench/load/run_summary.h"

namespace ringdist {
namespace {

constexpr char kHead[] = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>dist_load</title>
<style>
body { font: 16px/1.5 sans-serif; color: #222; max-width: 62em;
       margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin-bottom: 0; }
h2 { font-size: 1.3em; margin: 2.2em 0 0.3em; border-top: 1px solid #ccc;
     padding-top: 1em; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { padding: 0.15em 0.9em; text-align: right; white-space: nowrap;
         border-bottom: 1px solid #e4e4e4; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
.left td { text-align: left; white-space: normal; }
td.best { font-weight: bold; }
.load { color: #555; margin: 0; }
.headline { font-size: 1.15em; margin: 0.6em 0; }
.warning { background: #fde7e0; border-left: 4px solid #d55e00;
           padding: 0.4em 0.8em; }
figure { margin: 1.5em 0; }
figure img { max-width: 100%; }
figcaption, li { color: #555; }
</style>
</head>
<body>
)";

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// "<p class="...">text</p>"
std::string Paragraph(absl::string_view css_class, absl::string_view text) {
  return absl::StrCat("<p class=\"", css_class, "\">", Escaped(text), "</p>\n");
}

std::string Cell(absl::string_view text) {
  return absl::StrCat("<td>", Escaped(text), "</td>");
}

std::string FigureTable(const LoadRun& run) {
  const bool with_spread = run.measurements.size() > 1;
  std::string html = "<table>\n";
  if (with_spread) {
    absl::StrAppend(&html, "<tr><th></th><th>median</th><th>lowest</th>",
                    "<th>highest</th><th>spread</th></tr>\n");
  }
  for (const FigureRow& row : FigureRows(run)) {
    absl::StrAppend(&html, "<tr>", Cell(row.name), "<td class=\"best\">",
                    Escaped(row.median), "</td>");
    if (with_spread) {
      absl::StrAppend(&html, Cell(row.lowest), Cell(row.highest),
                      Cell(row.spread));
    }
    absl::StrAppend(&html, "</tr>\n");
  }
  return absl::StrCat(html, "</table>\n");
}

std::string List(const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string html = "<ul>\n";
  for (const std::string& line : lines) {
    absl::StrAppend(&html, "<li>", Escaped(line), "</li>\n");
  }
  return absl::StrCat(html, "</ul>\n");
}

std::string Figure(const ReportImage& image) {
  return absl::StrCat("<figure><img alt=\"", Escaped(image.description),
                      "\" src=\"data:image/png;base64,",
                      absl::Base64Escape(image.png), "\"><figcaption>",
                      Escaped(image.description), "</figcaption></figure>\n");
}

std::string RunHtml(const LoadRun& run,
                    const std::vector<ReportImage>& images) {
  std::string html =
      absl::StrCat("<h2>", Escaped(run.name), "</h2>\n",
                   Paragraph("load", DescribeLoad(run.spec)),
                   Paragraph("load", absl::StrCat(DescribeEnds(run.spec), "; ",
                                                  DescribePace(run.spec), "; ",
                                                  DescribeTimes(run))),
                   Paragraph("headline", Headline(run)));
  for (const std::string& warning : Warnings(run)) {
    absl::StrAppend(&html, Paragraph("warning", warning));
  }
  if (!run.measurements.empty()) absl::StrAppend(&html, FigureTable(run));
  for (const ReportImage& image : images) {
    if (image.run == run.name) absl::StrAppend(&html, Figure(image));
  }
  return absl::StrCat(html, List(SearchSteps(run)), List(Remarks(run)));
}

std::string MachineHtml(const LoadResults& results) {
  const std::string arguments = absl::StrJoin(results.arguments, " ");
  std::string html = "<h2>Measured on</h2>\n<table class=\"left\">\n";
  for (const auto& [name, value] :
       {std::pair<const char*, std::string>{"machine",
                                            MachineText(results.machine)},
        {"build", BuildText(results.machine)},
        {"command", absl::StrCat("dist_load ", arguments)},
        {"time", absl::FormatTime("%Y-%m-%d %H:%M UTC", results.started,
                                  absl::UTCTimeZone())}}) {
    absl::StrAppend(&html, "<tr>", Cell(name), Cell(value), "</tr>\n");
  }
  return absl::StrCat(html, "</table>\n");
}

// Of the plot of a run, beside the page.
std::string ImagePath(absl::string_view report, absl::string_view run,
                      absl::string_view plot) {
  return absl::StrCat(absl::StripSuffix(report, ".html"), "-", run, "-", plot,
                      ".png");
}

}  // namespace

std::string ReportHtml(const LoadResults& results,
                       const std::vector<ReportImage>& images) {
  std::string html =
      absl::StrCat(kHead, "<h1>dist_load</h1>\n",
                   Paragraph("load", MachineText(results.machine)));
  for (const LoadRun& run : results.runs) {
    absl::StrAppend(&html, RunHtml(run, images));
  }
  return absl::StrCat(html, MachineHtml(results), "</body>\n</html>\n");
}

absl::Status WriteReport(const LoadResults& results, const std::string& path) {
  std::vector<ReportImage> images;
  for (const LoadRun& run : results.runs) {
    for (const NamedPlot& plot : PlotsOf(run)) {
      const std::string image_path = ImagePath(path, run.name, plot.name);
      const absl::Status drawn = DrawPng(plot.plot, image_path);
      if (!drawn.ok()) return drawn;
      absl::StatusOr<std::string> png = ReadFile(image_path);
      if (!png.ok()) return png.status();
      images.push_back({run.name, plot.description, *std::move(png)});
    }
  }
  return WriteFile(path, ReportHtml(results, images));
}

}  // namespace ringdist
