#include "ringdist/tools/watch_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ringdist/tools/human_units.h"

namespace ringdist {
namespace {

// The columns beside the name, and the blanks between them.
constexpr size_t kNumbersWidth = 64;
constexpr size_t kMinNameWidth = 16;

// A character of UTF-8; a byte that is none stands for itself.
struct Character {
  uint32_t code = 0;
  size_t size = 1;
};

Character FirstOf(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const size_t size = byte(0) < 0x80   ? 1
                      : byte(0) < 0xC0 ? 0
                      : byte(0) < 0xE0 ? 2
                      : byte(0) < 0xF0 ? 3
                                       : 4;
  if (size == 0 || size > text.size()) return {};
  uint32_t code = size == 1 ? byte(0) : byte(0) & (0x7F >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  return {code, size};
}

bool IsPrintable(uint32_t code) {
  return code >= 0x20 && (code < 0x7F || code >= 0xA0);
}

size_t ColumnsOf(uint32_t code) { return code < 0x1100 ? 1 : 2; }

// `text` in exactly `width` columns.
std::string Padded(absl::string_view text, size_t width) {
  std::string fitted = FitColumns(text, width);
  size_t columns = 0;
  for (absl::string_view left = fitted; !left.empty();) {
    const Character first = FirstOf(left);
    columns += ColumnsOf(first.code);
    left.remove_prefix(first.size);
  }
  fitted.append(width - columns, ' ');
  return fitted;
}

std::string RateText(double bytes) {
  return absl::StrCat(BytesText(bytes), "/s");
}

std::string Numbers(absl::string_view round_trip, absl::string_view run_queue,
                    absl::string_view processes, absl::string_view memory,
                    absl::string_view in, absl::string_view out) {
  return absl::StrFormat("%13s%7s%11s%10s%11s%12s", round_trip, run_queue,
                         processes, memory, in, out);
}

template <typename T, typename Text>
std::string OrDash(const std::optional<T>& value, Text text) {
  return value.has_value() ? text(*value) : "-";
}

std::string SampleColumns(const WatchSample& sample) {
  const auto number = [](uint64_t value) { return absl::StrCat(value); };
  return Numbers(
      MillisecondsText(sample.round_trip), OrDash(sample.run_queue, number),
      OrDash(sample.processes, number), OrDash(sample.memory, BytesText),
      OrDash(sample.io_in, RateText), OrDash(sample.io_out, RateText));
}

std::string StateColumns(const WatchedNode& node) {
  switch (node.state) {
    case WatchedNode::State::kConnecting:
      return "  connecting";
    case WatchedNode::State::kUp:
      if (node.silent > absl::ZeroDuration()) {
        return absl::StrFormat("  up, but no answer for %.1f s",
                               absl::ToDoubleSeconds(node.silent));
      }
      if (!node.sample.has_value()) return "  up";
      return SampleColumns(*node.sample);
    case WatchedNode::State::kDown:
      return absl::StrCat("  down since ", DurationText(node.in_state),
                          ", again in ", DurationText(node.dials_in), ": ",
                          node.reason);
  }
  return "";
}

size_t CountUp(const WatchState& state) {
  return std::count_if(state.nodes.begin(), state.nodes.end(),
                       [](const WatchedNode& node) {
                         return node.state == WatchedNode::State::kUp;
                       });
}

}  // namespace

std::vector<std::string> DrawWatch(const WatchState& state, size_t width,
                                   size_t height) {
  const size_t name_width =
      std::max(kMinNameWidth, width - std::min(width, kNumbersWidth));
  std::vector<std::string> lines = {
      absl::StrCat("ringdist watch: ", CountUp(state), " of ",
                   state.nodes.size(), " nodes up, every ",
                   absl::FormatDuration(state.interval), ", since ",
                   DurationText(state.running)),
      "",
      absl::StrCat(Padded("NODE", name_width),
                   Numbers("ROUND TRIP", "RUN Q", "PROCESSES", "MEMORY",
                           "I/O IN", "I/O OUT"))};
  for (const WatchedNode& node : state.nodes) {
    lines.push_back(
        absl::StrCat(Padded(node.name, name_width), StateColumns(node)));
  }
  // The newest of the events, if there is room for one behind a blank line.
  if (lines.size() + 1 < height && !state.events.empty()) {
    lines.emplace_back();
    const size_t room = height - lines.size();
    const size_t shown = std::min(room, state.events.size());
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
    absl::StrAppend(&text, ", memory ", BytesText(*sample.memory));
  }
  if (sample.io_in.has_value() && sample.io_out.has_value()) {
    absl::StrAppend(&text, ", I/O ", RateText(*sample.io_in), " in, ",
                    RateText(*sample.io_out), " out");
  }
  absl::StrAppendFormat(&text,
                        ", connection %.0f packets/s (%s) in, %.0f (%s) out",
                        sample.packets_in, RateText(sample.bytes_in),
                        sample.packets_out, RateText(sample.bytes_out));
  return text;
}

std::string FitColumns(absl::string_view text, size_t width) {
  std::string fitted;
  size_t columns = 0;
  size_t end_before_last = 0;  // Of what leaves a column for the ~.
  while (!text.empty()) {
    const Character first = FirstOf(text);
    const bool printable = IsPrintable(first.code);
    columns += printable ? ColumnsOf(first.code) : 1;
    if (columns > width) {
      fitted.resize(end_before_last);
      return width == 0 ? "" : absl::StrCat(fitted, "~");
    }
    absl::StrAppend(&fitted, printable ? text.substr(0, first.size) : "?");
    if (columns < width) end_before_last = fitted.size();
    text.remove_prefix(first.size);
  }
  return fitted;
}

}  // namespace ringdist
