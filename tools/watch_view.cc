#include "ringdist/tools/watch_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ringdist/tools/columns.h"
#include "ringdist/tools/human_units.h"

namespace ringdist {
namespace {

// Columns of numbers are left out rather than that names get less.
constexpr size_t kMinNameWidth = 16;

std::string RateText(double bytes) {
  return absl::StrCat(BytesText(bytes), "/s");
}

// What stands in a column of numbers, with the blanks before it.
struct Column {
  absl::string_view title;
  size_t width;
  std::string (*text)(const WatchSample& sample);
};

template <typename T, typename Text>
std::string OrDash(const std::optional<T>& value, Text text) {
  return value.has_value() ? text(*value) : "-";
}

std::string RoundTripText(const WatchSample& sample) {
  return MillisecondsText(sample.round_trip);
}

std::string RunQueueText(const WatchSample& sample) {
  return OrDash(sample.run_queue, [](uint64_t n) { return absl::StrCat(n); });
}

std::string ProcessesText(const WatchSample& sample) {
  return OrDash(sample.processes, [](uint64_t n) { return absl::StrCat(n); });
}

std::string MemoryText(const WatchSample& sample) {
  return OrDash(sample.memory, BytesText);
}

std::string InText(const WatchSample& sample) {
  return OrDash(sample.io_in, RateText);
}

std::string OutText(const WatchSample& sample) {
  return OrDash(sample.io_out, RateText);
}

constexpr Column kColumns[] = {{"ROUND TRIP", 12, RoundTripText},
                               {"RUN Q", 7, RunQueueText},
                               {"PROCESSES", 11, ProcessesText},
                               {"MEMORY", 10, MemoryText},
                               {"I/O IN", 12, InText},
                               {"I/O OUT", 12, OutText}};

// The table that fits into the terminal.
struct Table {
  size_t width = 0;
  size_t name_width = 0;
  std::vector<Column> columns;
};

Table TableFor(const WatchState& state, size_t width) {
  Table table = {.width = width};
  size_t left = width;
  for (const Column& column : kColumns) {
    if (left < kMinNameWidth + column.width) break;
    left -= column.width;
    table.columns.push_back(column);
  }
  size_t longest = kMinNameWidth;
  for (const WatchedNode& node : state.nodes) {
    longest = std::max(longest, CountColumns(node.name));
  }
  table.name_width = std::min(longest, left);
  return table;
}

// A line of the table, with what `text` makes of each column.
template <typename Text>
std::string Row(const Table& table, absl::string_view name, Text text) {
  std::string row = PadColumns(name, table.name_width);
  for (const Column& column : table.columns) {
    absl::StrAppendFormat(&row, "%*s", static_cast<int>(column.width),
                          text(column));
  }
  return row;
}

std::string StateText(const WatchedNode& node) {
  switch (node.state) {
    case WatchedNode::State::kConnecting:
      return "connecting";
    case WatchedNode::State::kUp:
      if (node.silent == absl::ZeroDuration()) return "up";
      return absl::StrCat("up, but no answer for ", DurationText(node.silent));
    case WatchedNode::State::kDown:
      return absl::StrCat(
          "down for ", DurationText(node.in_state),
          node.dials_in > absl::ZeroDuration()
              ? absl::StrCat(", again in ", DurationText(node.dials_in))
              : ", connecting");
  }
  return "";
}

std::vector<std::string> NodeLines(const Table& table,
                                   const WatchedNode& node) {
  const bool is_measured = node.sample.has_value() &&
                           node.silent == absl::ZeroDuration() &&
                           node.state == WatchedNode::State::kUp;
  if (is_measured) {
    return {Row(table, node.name, [&](const Column& column) {
      return column.text(*node.sample);
    })};
  }
  std::vector<std::string> lines = {absl::StrCat(
      PadColumns(node.name, table.name_width), "  ", StateText(node))};
  if (node.state != WatchedNode::State::kDown) return lines;
  constexpr size_t kIndent = 4;
  for (const std::string& line :
       WrapColumns(node.reason, table.width - std::min(kIndent, table.width))) {
    lines.push_back(absl::StrCat(std::string(kIndent, ' '), line));
  }
  return lines;
}

std::string Heading(const WatchState& state) {
  const auto up = std::count_if(state.nodes.begin(), state.nodes.end(),
                                [](const WatchedNode& node) {
                                  return node.state == WatchedNode::State::kUp;
                                });
  return absl::StrCat("ringdist watch: ", up, " of ", state.nodes.size(),
                      " nodes up, every ", absl::FormatDuration(state.interval),
                      ", for ", DurationText(state.running));
}

// As many of the nodes as there is room for; of the last of them perhaps
// without the reason.
void AddNodes(const WatchState& state, const Table& table, size_t height,
              std::vector<std::string>& lines) {
  for (size_t i = 0; i < state.nodes.size(); ++i) {
    std::vector<std::string> more = NodeLines(table, state.nodes[i]);
    const size_t left = state.nodes.size() - i - 1;
    const size_t room = height - std::min(height, lines.size() + (left > 0));
    if (room == 0) {
      lines.push_back(absl::StrCat("and ", left + 1, " more"));
      return;
    }
    more.resize(std::min(more.size(), room));
    lines.insert(lines.end(), more.begin(), more.end());
  }
}

}  // namespace

std::vector<std::string> DrawWatch(const WatchState& state, size_t width,
                                   size_t height) {
  const Table table = TableFor(state, width);
  std::vector<std::string> lines = {
      Heading(state), "",
      Row(table, "NODE", [](const Column& column) { return column.title; })};
  AddNodes(state, table, height, lines);
  // The newest of the events, if there is room for one behind a blank line.
  if (lines.size() + 1 < height && !state.events.empty()) {
    lines.emplace_back();
    const size_t room = height - lines.size();
    const auto shown =
        static_cast<ptrdiff_t>(std::min(room, state.events.size()));
    lines.insert(lines.end(), state.events.end() - shown, state.events.end());
  }
  if (lines.size() > height) lines.resize(height);
  for (std::string& line : lines) line = FitColumns(line, width);
  return lines;
}

std::string SampleText(const WatchSample& sample) {
  std::string text =
      absl::StrCat("round trip ", MillisecondsText(sample.round_trip));
  if (sample.run_queue.has_value()) {
    absl::StrAppend(&text, ", run queue ", *sample.run_queue);
  }
  if (sample.processes.has_value()) {
    absl::StrAppend(&text, ", ", *sample.processes, " processes");
  }
  if (sample.memory.has_value()) {
    absl::StrAppend(&text, ", memory ", MemoryText(sample));
  }
  if (sample.io_in.has_value() && sample.io_out.has_value()) {
    absl::StrAppend(&text, ", I/O ", InText(sample), " in, ", OutText(sample),
                    " out");
  }
  absl::StrAppendFormat(&text, ", connection %.0f packets/s in, %.0f out",
                        sample.packets_in, sample.packets_out);
  return text;
}

}  // namespace ringdist
