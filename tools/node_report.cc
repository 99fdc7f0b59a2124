#include "ringdist/tools/node_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/tools/human_units.h"

namespace ringdist {
namespace {

constexpr size_t kWidth = 80;
constexpr size_t kLabelWidth = 14;

std::vector<std::string> NamesOf(uint64_t flags) {
  return absl::StrSplit(FlagNames(flags), ", ", absl::SkipEmpty());
}

// A line with a label, and as many more as `words` need.
void AddWords(std::string& text, absl::string_view label,
              const std::vector<std::string>& words) {
  std::string line = absl::StrFormat("%-*s", kLabelWidth, label);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string word =
        absl::StrCat(words[i], i + 1 < words.size() ? "," : "");
    const bool is_first = line.size() == kLabelWidth;
    if (!is_first && line.size() + 1 + word.size() > kWidth) {
      absl::StrAppend(&text, line, "\n");
      line = std::string(kLabelWidth, ' ');
    } else if (!is_first) {
      line.push_back(' ');
    }
    line += word;
  }
  absl::StrAppend(&text, line, "\n");
}

void AddLine(std::string& text, absl::string_view label,
             absl::string_view value) {
  absl::StrAppendFormat(&text, "%-*s%s\n", kLabelWidth, label, value);
}

void AddUnavailable(std::string& text, absl::string_view label,
                    const absl::Status& why) {
  AddLine(text, label, absl::StrCat("not available (", why.message(), ")"));
}

void AddRelease(std::string& text, const NodeReport& report) {
  if (!report.otp_release.ok()) {
    return AddUnavailable(text, "OTP release", report.otp_release.status());
  }
  std::string value = *report.otp_release;
  if (report.erts_version.ok()) {
    absl::StrAppend(&value, " (erts ", *report.erts_version, ")");
  }
  AddLine(text, "OTP release", value);
}

void AddMemory(std::string& text, const NodeReport& report) {
  if (!report.memory.ok()) {
    return AddUnavailable(text, "memory", report.memory.status());
  }
  std::vector<std::string> words;
  for (const auto& [use, bytes] : *report.memory) {
    words.push_back(absl::StrCat(use, " ", BytesText(bytes)));
  }
  AddWords(text, "memory", words);
}

void AddProcesses(std::string& text, const NodeReport& report) {
  if (!report.processes.ok()) {
    return AddUnavailable(text, "processes", report.processes.status());
  }
  std::string value = absl::StrCat(*report.processes);
  if (report.process_limit.ok()) {
    absl::StrAppend(&value, " of at most ", *report.process_limit);
  }
  AddLine(text, "processes", value);
}

template <typename T>
Json OrNull(const absl::StatusOr<T>& value) {
  return value.ok() ? Json(*value) : Json();
}

}  // namespace

std::string ReportText(const NodeReport& report) {
  std::string text;
  AddLine(text, "node",
          absl::StrCat(report.name, report.hidden ? " (hidden)" : ""));
  AddLine(text, "creation",
          report.creation == 0 ? "not available (protocol version 5)"
                               : absl::StrCat(report.creation));
  AddLine(text, "protocol", absl::StrCat("version ", report.protocol_version));
  AddWords(text, "flags", NamesOf(report.flags));
  AddLine(text, "round trip", MillisecondsText(report.round_trip));
  AddRelease(text, report);
  if (report.uptime.ok()) {
    AddLine(text, "uptime", DurationText(*report.uptime));
  } else {
    AddUnavailable(text, "uptime", report.uptime.status());
  }
  AddMemory(text, report);
  AddProcesses(text, report);
  if (report.registered.ok()) {
    AddWords(text, "registered", *report.registered);
  } else {
    AddUnavailable(text, "registered", report.registered.status());
  }
  text.pop_back();
  return text;
}

Json ReportJson(const NodeReport& report) {
  Json memory;
  if (report.memory.ok()) {
    memory = Json::object();
    for (const auto& [use, bytes] : *report.memory) memory[use] = bytes;
  }
  Json uptime;
  if (report.uptime.ok()) uptime = absl::ToDoubleSeconds(*report.uptime);
  return {{"event", "info"},
          {"node", report.name},
          {"hidden", report.hidden},
          {"creation", report.creation},
          {"protocol_version", report.protocol_version},
          {"flags", NamesOf(report.flags)},
          {"time_ms", absl::ToDoubleMilliseconds(report.round_trip)},
          {"otp_release", OrNull(report.otp_release)},
          {"erts_version", OrNull(report.erts_version)},
          {"uptime_seconds", uptime},
          {"memory", memory},
          {"processes", OrNull(report.processes)},
          {"process_limit", OrNull(report.process_limit)},
          {"registered", OrNull(report.registered)}};
}

}  // namespace ringdist
