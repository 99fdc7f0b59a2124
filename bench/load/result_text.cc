#include "ringdist/bench/load/result_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ringdist/bench/load/load_text.h"
#include "ringdist/bench/load/run_summary.h"

namespace ringdist {
namespace {

std::string TableLine(const FigureRow& row, bool with_spread) {
  if (!with_spread) {
    return absl::StrFormat("  %-16s%12s\n", row.name, row.median);
  }
  return absl::StrFormat("  %-16s%12s%12s%12s%10s\n", row.name, row.median,
                         row.lowest, row.highest, row.spread);
}

std::string Table(const LoadRun& run) {
  const bool with_spread = run.measurements.size() > 1;
  std::string table;
  if (with_spread) {
    table = TableLine({"", "median", "lowest", "highest", "spread"}, true);
  }
  for (const FigureRow& row : FigureRows(run)) {
    absl::StrAppend(&table, TableLine(row, with_spread));
  }
  return table;
}

void AppendLines(absl::string_view indent,
                 const std::vector<std::string>& lines, std::string& text) {
  for (const std::string& line : lines) {
    absl::StrAppend(&text, indent, line, "\n");
  }
}

}  // namespace

std::string RunText(const LoadRun& run) {
  std::string text =
      absl::StrCat(DescribeLoad(run.spec), "\n  ", DescribeEnds(run.spec), "; ",
                   DescribePace(run.spec), "; ", DescribeTimes(run), "\n  ",
                   Headline(run), "\n");
  AppendLines("    ", SearchSteps(run), text);
  absl::StrAppend(&text, "\n");
  if (!run.measurements.empty()) absl::StrAppend(&text, Table(run), "\n");
  AppendLines("  WARNING: ", Warnings(run), text);
  AppendLines("  ", Remarks(run), text);
  return text;
}

std::string MachineText(const Machine& machine) {
  return absl::StrCat(machine.kernel, ", ", machine.cpus, " x ", machine.cpu,
                      machine.is_virtual ? ", virtual" : "", ", ",
                      SizeText(static_cast<double>(machine.memory_bytes)),
                      " of memory");
}

std::string BuildText(const Machine& machine) {
  return absl::StrCat("commit ", machine.commit, ", ", machine.build);
}

std::string MeasuredOnText(const Machine& machine) {
  return absl::StrCat("Measured on ", MachineText(machine), "; ",
                      BuildText(machine), "\n");
}

}  // namespace ringdist
