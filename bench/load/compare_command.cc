#include "ringdist/bench/load/compare_command.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ringdist/bench/load/file_text.h"
#include "ringdist/bench/load/result_json.h"
#include "ringdist/tools/ringdist_flags.h"

namespace ringdist {
namespace {

constexpr char kDescription[] =
    "Tells what has changed from one result to another.\n"
    "\n"
    "A and B are files of --json, measured with --repeat=4 or more. Their runs "
    "are\n"
    "paired by name. For each figure the medians are told, their difference, "
    "and an\n"
    "interval in which the true one is with 95 %: all ratios that Mann and "
    "Whitney's\n"
    "test does not reject. What is outside of 0 is faster or slower.\n";

constexpr char kExamples[] =
    "Examples:\n"
    "    dist_load --workload=echo --repeat=5 --json=before.json\n"
    "    dist_load --workload=echo --repeat=5 --json=after.json\n"
    "    dist_load compare before.json after.json\n"
    "\n"
    "Exit status: 0 if nothing has got worse, 1 if something has, 2 if the "
    "command\n"
    "line or a file is wrong, or there are too few repeats to tell.";

absl::Status ParsePercent(absl::string_view text, double& part) {
  double percent = 0;
  if (absl::SimpleAtod(text, &percent) && percent >= 0 && percent <= 100) {
    part = percent / 100;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no number from 0 to 100"));
}

absl::StatusOr<LoadResults> ReadResults(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<LoadResults> results = ResultsFromJson(*text);
  if (results.ok()) return results;
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": ", results.status().message()));
}

}  // namespace

CLI::App& AddCompareCommand(CLI::App& app, CompareFlags& flags) {
  CLI::App& compare = *app.add_subcommand("compare", kDescription);
  compare.group("Commands");
  compare.add_option("A", flags.a, "The result to compare with.")
      ->type_name("")
      ->required();
  compare.add_option("B", flags.b, "The result that may be better or worse.")
      ->type_name("")
      ->required();
  AddFlag(compare, "--tolerance", "PERCENT",
          "Differences up to this are not told. Default: 2.",
          [&flags](const std::string& text) {
            return ParsePercent(text, flags.options.tolerance);
          });
  compare.add_option("--json", flags.json, "Write it as JSON, too; - instead.")
      ->type_name("FILE");
  compare.footer(kExamples);
  return compare;
}

absl::StatusOr<int> RunCompare(const CompareFlags& flags) {
  const absl::StatusOr<LoadResults> a = ReadResults(flags.a);
  if (!a.ok()) return a.status();
  const absl::StatusOr<LoadResults> b = ReadResults(flags.b);
  if (!b.ok()) return b.status();
  const Comparison comparison = Compare(*a, *b, flags.options);
  if (!flags.json.empty()) {
    const absl::Status written =
        WriteFile(flags.json, ComparisonJson(comparison));
    if (!written.ok()) return written;
  }
  if (flags.json != "-") {
    const absl::Status written = WriteFile("-", ComparisonText(comparison));
    if (!written.ok()) return written;
  }
  return ExitStatusOf(comparison);
}

}  // namespace ringdist
