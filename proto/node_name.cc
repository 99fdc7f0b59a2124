#include "ringdist/proto/node_name.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace ringdist {
namespace {

bool IsAliveCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '-';
}

absl::Status Malformed(absl::string_view name, absl::string_view rule) {
  return absl::InvalidArgumentError(
      absl::StrCat("node name \"", absl::Utf8SafeCEscape(name), "\": ", rule));
}

// The characters of a host in Latin-1: '!' and above, and no second '@'.
bool IsHost(absl::string_view latin1) {
  return std::all_of(latin1.begin(), latin1.end(), [](char c) {
    return static_cast<unsigned char>(c) >= '!' && c != '@';
  });
}

// Checks a name in Latin-1, where a character is a byte.
absl::Status Validate(absl::string_view latin1, absl::string_view shown) {
  const size_t at = latin1.find('@');
  if (at == absl::string_view::npos) {
    return Malformed(shown, "has no '@'; write alive@host");
  }
  const absl::string_view alive = latin1.substr(0, at);
  const absl::string_view host = latin1.substr(at + 1);
  if (alive.empty()) return Malformed(shown, "nothing before the '@'");
  if (host.empty()) return Malformed(shown, "nothing after the '@'");
  if (host.find('@') != absl::string_view::npos) {
    return Malformed(shown, "has more than one '@'");
  }
  if (!std::all_of(alive.begin(), alive.end(), IsAliveCharacter)) {
    return Malformed(shown, "before the '@' only 0-9 A-Z a-z _ - are allowed");
  }
  if (!IsHost(host)) {
    return Malformed(shown,
                     "after the '@' only visible characters up to U+00FF are "
                     "allowed");
  }
  if (latin1.size() > kMaxAtomCharacters) {
    return Malformed(
        shown, absl::StrCat("longer than ", kMaxAtomCharacters, " characters"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NodeName> NodeName::Parse(absl::string_view text) {
  const absl::StatusOr<std::string> latin1 = Utf8ToLatin1(text);
  if (!latin1.ok()) return Malformed(text, latin1.status().message());
  absl::Status valid = Validate(*latin1, text);
  if (!valid.ok()) return valid;
  return NodeName(std::string(text), text.find('@'));
}

absl::StatusOr<NodeName> NodeName::FromLatin1(absl::string_view bytes) {
  std::string utf8 = Latin1ToUtf8(bytes);
  absl::Status valid = Validate(bytes, utf8);
  if (!valid.ok()) return valid;
  const size_t at = utf8.find('@');
  return NodeName(std::move(utf8), at);
}

std::string NodeName::ToLatin1() const { return *Utf8ToLatin1(full_); }

absl::Status ValidateHost(absl::string_view host) {
  const absl::StatusOr<std::string> latin1 = Utf8ToLatin1(host);
  if (latin1.ok() && !latin1->empty() && IsHost(*latin1) &&
      latin1->size() < kMaxAtomCharacters) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "host \"", absl::Utf8SafeCEscape(host),
      "\": must be 1 to 254 visible characters up to U+00FF, without '@'"));
}

absl::StatusOr<std::string> Utf8ToLatin1(absl::string_view utf8) {
  std::string latin1;
  latin1.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      latin1.push_back(utf8[i]);
      continue;
    }
    // U+0080 to U+00FF are C2 80 to C3 BF.
    const unsigned char next =
        i + 1 < utf8.size() ? static_cast<unsigned char>(utf8[i + 1]) : 0;
    if ((lead != 0xC2 && lead != 0xC3) || (next & 0xC0) != 0x80) {
      return absl::InvalidArgumentError(
          "is not UTF-8 of characters up to U+00FF");
    }
    latin1.push_back(static_cast<char>(((lead & 0x03) << 6) | (next & 0x3F)));
    ++i;
  }
  return latin1;
}

std::string Latin1ToUtf8(absl::string_view latin1) {
  std::string utf8;
  utf8.reserve(latin1.size());
  for (const char c : latin1) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8.push_back(c);
    } else {
      utf8.push_back(static_cast<char>(0xC0 | (byte >> 6)));
      utf8.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  return utf8;
}

}  // namespace ringdist
