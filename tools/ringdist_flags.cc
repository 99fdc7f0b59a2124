#include "ringdist/tools/ringdist_flags.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/dynamic_name.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/entropy.h"
#include "ringdist/tools/cookie.h"

namespace ringdist {
namespace {

void ParseOrThrow(const std::string& flag, const ParseFlag& parse,
                  const std::string& text) {
  const absl::Status status = parse(text);
  if (!status.ok()) {
    ThrowUsageError(absl::StrCat(flag, ": ", status.message()));
  }
}

absl::Status ParseCookie(absl::string_view text, std::string& value) {
  // As erl -setcookie: the characters of an atom, each of them a byte.
  absl::StatusOr<std::string> latin1 = Utf8ToLatin1(text);
  if (!latin1.ok()) return latin1.status();
  value = *std::move(latin1);
  return absl::OkStatus();
}

absl::Status ParseProtocolVersion(absl::string_view text, int& value) {
  if (absl::SimpleAtoi(text, &value) && (value == 5 || value == 6)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", text, "\" is not a version; write 6, or 5 as before OTP 23"));
}

}  // namespace

void AddNodeFlags(CLI::App& app, NodeFlags& flags) {
  CLI::Option* const cookie =
      AddFlag(app, "--cookie", "COOKIE",
              "The cookie. Everybody on this machine can see it\n"
              "with ps: --cookie_file keeps it secret.",
              [&flags](const std::string& text) {
                return ParseCookie(text, flags.distribution.cookie);
              });
  app.add_option("--cookie_file", flags.cookie_file,
                 "The file that holds the cookie, accessible by its\n"
                 "owner only. Default: where Erlang finds it,\n"
                 "~/.erlang.cookie or ~/.config/erlang/.erlang.cookie.")
      ->type_name("FILE")
      ->excludes(cookie);
  app.add_option("--dir", flags.distribution.directory,
                 "The directory of the sockets, which is the current\n"
                 "directory of the Erlang nodes. Default: the current\n"
                 "one.")
      ->type_name("DIR");
  AddFlag(app, "--setup_time", "DURATION",
          "How long a peer may take for each step of the\n"
          "handshake. Default: 7s.",
          [&flags](const std::string& text) {
            return ParseDuration(text, flags.distribution.setup_time);
          });
  AddFlag(app, "--protocol_version", "VERSION",
          "The version that all nodes of the directory speak:\n"
          "6 with OTP 23 and later, 5 before. Default: 6.",
          [&flags](const std::string& text) {
            return ParseProtocolVersion(text,
                                        flags.distribution.protocol_version);
          });
  app.add_flag_callback(
      "--json", [&flags] { flags.format = Output::Format::kJson; },
      "Print each event as a JSON object on a line.");
}

void AddVisitorFlags(CLI::App& app, NodeFlags& flags, absl::Duration& timeout,
                     const std::string& timeout_description) {
  AddFlag(app, "--timeout", "DURATION", timeout_description,
          [&timeout](const std::string& text) {
            return ParseDuration(text, timeout);
          });
  AddFlag(app, "--name", "NODE",
          "Name of this node, which no other may have.\n"
          "Default: a random one.",
          [&flags](const std::string& text) {
            return ParseNode(text, flags.distribution.name);
          });
}

void CompleteVisitor(NodeFlags& flags, const std::string& peer) {
  std::string& name = flags.distribution.name;
  if (name == peer) {
    ThrowUsageError("--name: that is the other node's name; name another one");
  }
  if (name.empty()) {
    const absl::StatusOr<NodeName> invented =
        InventName(SystemEntropy(), NodeName::Parse(peer)->host());
    if (!invented.ok()) ThrowUsageError(invented.status().message());
    name = invented->full();
  }
  const absl::Status valid = ValidateNodeFlags(flags);
  if (!valid.ok()) ThrowUsageError(valid.message());
}

absl::Status ValidateNodeFlags(const NodeFlags& flags) {
  DistributionOptions options = flags.distribution;
  if (options.cookie.empty()) options.cookie = "not known yet";
  const absl::Status valid = options.Validate();
  if (valid.ok()) return valid;
  // Fields and flags have the same names.
  return absl::InvalidArgumentError(absl::StrCat(
      "--", absl::StripPrefix(valid.message(), "DistributionOptions::")));
}

absl::StatusOr<DistributionOptions> NodeOptionsOf(const NodeFlags& flags) {
  DistributionOptions options = flags.distribution;
  options.log = LogToStandardError();
  if (!options.cookie.empty()) return options;
  absl::StatusOr<std::string> cookie =
      flags.cookie_file.empty()
          ? FindCookie(getenv("HOME"), getenv("XDG_CONFIG_HOME"))
          : ReadCookieFile(flags.cookie_file);
  if (!cookie.ok()) return cookie.status();
  options.cookie = *std::move(cookie);
  return options;
}

CLI::Option* AddFlag(CLI::App& app, const std::string& name,
                     const std::string& type, const std::string& description,
                     const ParseFlag& parse) {
  return app
      .add_option_function<std::string>(
          name,
          [name, parse](const std::string& text) {
            ParseOrThrow(name, parse, text);
          },
          description)
      ->type_name(type);
}

CLI::Option* AddRepeatableFlag(CLI::App& app, const std::string& name,
                               const std::string& type,
                               const std::string& description,
                               const ParseFlag& parse) {
  return app
      .add_option_function<std::vector<std::string>>(
          name,
          [name, parse](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              ParseOrThrow(name, parse, text);
            }
          },
          description)
      ->type_name(type)
      ->allow_extra_args(false);  // One value each time.
}

absl::Status ParseDuration(absl::string_view text, absl::Duration& value) {
  if (absl::ParseDuration(text, &value) && value > absl::ZeroDuration()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text,
                   "\" is not a duration; write a number and its unit, such as "
                   "500ms, 7s or 1m"));
}

absl::Status ParsePositive(absl::string_view text, int& value) {
  if (absl::SimpleAtoi(text, &value) && value > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not a number from 1 on"));
}

absl::Status ParseNode(absl::string_view text, std::string& value) {
  value = std::string(text);
  return NodeName::Parse(text).status();
}

absl::Status ParseAtom(absl::string_view text, std::string& value) {
  if (text.empty() || !IsAtomText(text)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text,
                     "\" is no name; write an atom of at most 255 characters, "
                     "without quotes"));
  }
  value = std::string(text);
  return absl::OkStatus();
}

absl::Status ParseTermText(absl::string_view text, Term& value) {
  absl::StatusOr<Term> term = ParseTerm(text);
  if (!term.ok()) return term.status();
  value = *std::move(term);
  return absl::OkStatus();
}

void ThrowUsageError(absl::string_view message) {
  throw CLI::ValidationError(std::string(message));
}

}  // namespace ringdist
