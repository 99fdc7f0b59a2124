#include "ringdist/tools/node_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/tools/human_units.h"

namespace ringdist {
namespace {

constexpr size_t kWidth = 80;
constexpr size_t kLabelWidth = 14;

using Words = std::vector<std::string>;

Words NamesOf(uint64_t flags) {
  return absl::StrSplit(FlagNames(flags), ", ", absl::SkipEmpty());
}

// The lines of a report.
class ReportWriter {
 public:
  // A line with a label, and as many more as the words need.
  void Add(absl::string_view label, const Words& words);
  // The same with the words of an answer, if there is one.
  template <typename T, typename WordsOf>
  void Add(absl::string_view label, const absl::StatusOr<T>& answer,
           WordsOf words_of) {
    if (answer.ok()) return Add(label, words_of(*answer));
    AddNotTold(label, answer.status().message());
  }

  std::string Finish();

 private:
  struct NotTold {
    std::string reason;
    Words labels;
  };

  void AddNotTold(absl::string_view label, absl::string_view reason);

  std::string text_;
  std::vector<NotTold> not_told_;
};

void ReportWriter::AddNotTold(absl::string_view label,
                              absl::string_view reason) {
  auto found = std::find_if(
      not_told_.begin(), not_told_.end(),
      [&](const NotTold& not_told) { return not_told.reason == reason; });
  if (found == not_told_.end()) {
    found = not_told_.insert(found, NotTold{std::string(reason), {}});
  }
  found->labels.emplace_back(label);
}

void ReportWriter::Add(absl::string_view label, const Words& words) {
  std::string line = absl::StrFormat("%-*s", kLabelWidth, label);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string word =
        absl::StrCat(words[i], i + 1 < words.size() ? "," : "");
    const bool is_first = line.size() == kLabelWidth;
    if (!is_first && line.size() + 1 + word.size() > kWidth) {
      absl::StrAppend(&text_, line, "\n");
      line = std::string(kLabelWidth, ' ');
    } else if (!is_first) {
      line.push_back(' ');
    }
    line += word;
  }
  absl::StrAppend(&text_, line, "\n");
}

std::string ReportWriter::Finish() {
  for (auto& [reason, labels] : not_told_) {
    absl::StrAppend(&labels.back(), " (", reason, ")");
    Add("not available", labels);
  }
  text_.pop_back();
  return std::move(text_);
}

Words MemoryWords(const std::vector<std::pair<Atom, uint64_t>>& memory) {
  Words words;
  for (const auto& [use, bytes] : memory) {
    words.push_back(
        absl::StrCat(use.text, " ", BytesText(static_cast<double>(bytes))));
  }
  return words;
}

// As they are written in Erlang.
Words AtomWords(const std::vector<Atom>& atoms) {
  Words words;
  for (const Atom& atom : atoms) words.push_back(ToText(MakeTerm(atom)));
  return words;
}

template <typename T>
Json OrNull(const absl::StatusOr<T>& value) {
  return value.ok() ? Json(*value) : Json();
}

}  // namespace

std::string ReportText(const NodeReport& report) {
  ReportWriter writer;
  writer.Add("node",
             {absl::StrCat(report.name, report.hidden ? " (hidden)" : "")});
  writer.Add("creation",
             {report.creation == 0 ? "not known with protocol version 5"
                                   : absl::StrCat(report.creation)});
  writer.Add("protocol", {absl::StrCat("version ", report.protocol_version)});
  writer.Add("flags", NamesOf(report.flags));
  writer.Add("round trip", report.round_trip,
             [](absl::Duration time) { return Words{MillisecondsText(time)}; });
  writer.Add("OTP release", report.otp_release,
             [&](const std::string& release) {
               return report.erts_version.ok()
                          ? Words{absl::StrCat(release, " (erts ",
                                               *report.erts_version, ")")}
                          : Words{release};
             });
  writer.Add("uptime", report.uptime,
             [](absl::Duration time) { return Words{DurationText(time)}; });
  writer.Add("memory", report.memory, MemoryWords);
  writer.Add("processes", report.processes, [&](uint64_t processes) {
    return report.process_limit.ok()
               ? Words{absl::StrCat(processes, " of at most ",
                                    *report.process_limit)}
               : Words{absl::StrCat(processes)};
  });
  writer.Add("registered", report.registered, AtomWords);
  return writer.Finish();
}

Json ReportJson(const NodeReport& report) {
  Json creation, time_ms, uptime, memory, registered;
  if (report.creation != 0) creation = report.creation;
  if (report.round_trip.ok()) {
    time_ms = absl::ToDoubleMilliseconds(*report.round_trip);
  }
  if (report.uptime.ok()) uptime = absl::ToDoubleSeconds(*report.uptime);
  if (report.memory.ok()) {
    memory = Json::object();
    for (const auto& [use, bytes] : *report.memory) memory[use.text] = bytes;
  }
  if (report.registered.ok()) {
    registered = Json::array();
    for (const Atom& atom : *report.registered) registered.push_back(atom.text);
  }
  return {{"event", "info"},
          {"node", report.name},
          {"hidden", report.hidden},
          {"creation", creation},
          {"protocol_version", report.protocol_version},
          {"flags", NamesOf(report.flags)},
          {"time_ms", time_ms},
          {"otp_release", OrNull(report.otp_release)},
          {"erts_version", OrNull(report.erts_version)},
          {"uptime_seconds", uptime},
          {"memory", memory},
          {"processes", OrNull(report.processes)},
          {"process_limit", OrNull(report.process_limit)},
          {"registered", registered}};
}

}  // namespace ringdist
