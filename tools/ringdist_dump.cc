#include "ringdist/tools/ringdist_dump.h"

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "ringdist/runtime/system_error.h"
#include "ringdist/tools/capture_file.h"
#include "ringdist/tools/connection_dump.h"
#include "ringdist/tools/ringdist_flags.h"

namespace ringdist {
namespace {

constexpr char kDescription[] =
    "Prints a capture as text.\n"
    "\n"
    "A capture is made by ringdist serve --capture=FILE. Each line tells the\n"
    "time, in seconds since the first one, the connection, the direction "
    "(<- is\n"
    "received), and what it was: a message of the handshake, a signal and its\n"
    "term, a fragment, or a tick.\n";

constexpr char kExamples[] =
    "Examples:\n"
    "    ringdist dump serve.capture\n"
    "  All of each term, for a program to read:\n"
    "    ringdist dump - --json --max_bytes=1000000000 <serve.capture\n"
    "\n"
    "Exit status: 0 if all was decoded, 1 if something was not or the capture "
    "is\n"
    "cut off, 2 if the command line is wrong.";

absl::string_view WordOf(CaptureDirection direction) {
  return direction == CaptureDirection::kSent ? "sent" : "received";
}

// The command while it runs.
class Dumper {
 public:
  explicit Dumper(const DumpFlags& flags)
      : flags_(flags), output_(flags.format, [] {}) {}

  // Prints all that can be read; then why the rest cannot, if there is one.
  absl::Status Run(std::istream& input);

 private:
  void Take(const CaptureRecord& record);
  ConnectionDump& DumpOf(uint64_t connection);
  void Print(uint64_t connection, CaptureDirection direction,
             const std::string& words, const Json& event);

  const DumpFlags& flags_;
  Output output_;
  absl::Time begin_ = absl::InfiniteFuture();
  absl::Time now_;  // Of the last record.
  std::map<uint64_t, ConnectionDump> connections_;
};

absl::Status Dumper::Run(std::istream& input) {
  CaptureReader reader(input);
  CaptureRecord record;
  absl::StatusOr<bool> read = reader.Next(record);
  while (read.ok() && *read && output_.status().ok()) {
    Take(record);
    read = reader.Next(record);
  }
  bool failed = false;
  for (auto& [connection, dump] : connections_) {
    dump.Finish();
    failed |= dump.failed();
  }
  if (!output_.status().ok()) return output_.status();
  if (!read.ok()) {
    return absl::Status(
        read.status().code(),
        absl::StrCat(flags_.file, ": ", read.status().message()));
  }
  if (!failed) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(flags_.file, ": not all of it could be decoded, see above"));
}

void Dumper::Take(const CaptureRecord& record) {
  now_ = record.time;
  if (begin_ == absl::InfiniteFuture()) begin_ = now_;
  DumpOf(record.connection).Take(record.direction, record.bytes);
}

ConnectionDump& Dumper::DumpOf(uint64_t connection) {
  return connections_
      .try_emplace(
          connection, static_cast<size_t>(flags_.max_bytes),
          [this, connection](CaptureDirection direction,
                             const std::string& words, const Json& event) {
            Print(connection, direction, words, event);
          })
      .first->second;
}

void Dumper::Print(uint64_t connection, CaptureDirection direction,
                   const std::string& words, const Json& event) {
  Json all = {{"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", now_,
                                        absl::UTCTimeZone())},
              {"connection", connection},
              {"direction", std::string(WordOf(direction))}};
  all.update(event);
  output_.Print(
      absl::StrFormat(
          "%.6f #%d %s %s", absl::ToDoubleSeconds(now_ - begin_), connection,
          direction == CaptureDirection::kSent ? "->" : "<-", words),
      all);
}

}  // namespace

CLI::App& AddDumpCommand(CLI::App& app, DumpFlags& flags) {
  CLI::App& dump = *app.add_subcommand("dump", kDescription);
  dump.group("Commands");
  dump.add_option("FILE", flags.file, "The capture; - is standard input.");
  AddFlag(dump, "--max_bytes", "N",
          "How much of each term's text to print. Default:\n"
          "200.",
          [&flags](const std::string& text) {
            return ParsePositive(text, flags.max_bytes);
          });
  dump.add_flag_callback(
      "--json", [&flags] { flags.format = Output::Format::kJson; },
      "Print each line as a JSON object.");
  dump.footer(kExamples);
  dump.callback([&flags] {
    if (flags.file.empty()) {
      ThrowUsageError(
          "FILE is missing; write, say, ringdist dump serve.capture");
    }
  });
  return dump;
}

int RunDump(const DumpFlags& flags) {
  IgnoreSigpipe();
  Dumper dumper(flags);
  absl::Status status;
  if (flags.file == "-") {
    status = dumper.Run(std::cin);
  } else {
    std::ifstream file(flags.file, std::ios::binary);
    if (!file) return Fail(SystemError("open", flags.file, errno));
    status = dumper.Run(file);
  }
  return status.ok() ? kSuccess : Fail(status);
}

}  // namespace ringdist
