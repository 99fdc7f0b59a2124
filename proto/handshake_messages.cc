#include "ringdist/proto/handshake_messages.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/distribution_flags.h"

namespace ringdist {
namespace {

constexpr uint16_t kVersionFive = 5;

// Sizes of the messages that have exactly one.
constexpr size_t kComplementSize = 1 + 4 + 4;
constexpr size_t kChallengeReplySize = 1 + 4 + kDigestSize;
constexpr size_t kChallengeAckSize = 1 + kDigestSize;

constexpr absl::string_view kNamedPrefix = "snamed:";

constexpr std::pair<PlainStatus::Kind, absl::string_view> kStatusTexts[] = {
    {PlainStatus::Kind::kOk, "ok"},
    {PlainStatus::Kind::kOkSimultaneous, "ok_simultaneous"},
    {PlainStatus::Kind::kNok, "nok"},
    {PlainStatus::Kind::kNotAllowed, "not_allowed"},
    {PlainStatus::Kind::kAlive, "alive"},
};

absl::string_view TextOf(PlainStatus::Kind kind) {
  for (const auto& [known, text] : kStatusTexts) {
    if (known == kind) return text;
  }
  return "";
}

// What came, for an error text; a hostile peer does not get to fill the log.
std::string Describe(absl::string_view body) {
  constexpr size_t kShown = 32;
  if (body.empty()) return "an empty packet";
  const std::string shown = absl::CHexEscape(body.substr(0, kShown));
  return absl::StrCat("\"", shown, body.size() > kShown ? "..." : "", "\" (",
                      body.size(), " bytes)");
}

absl::Status Malformed(absl::string_view message, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(message, ": ", what));
}

absl::Status Unexpected(absl::string_view message, absl::string_view body) {
  return Malformed(message, absl::StrCat("got ", Describe(body), " instead"));
}

absl::Status CheckExact(absl::string_view message, absl::string_view body,
                        char tag, size_t size) {
  if (body.empty() || body[0] != tag) return Unexpected(message, body);
  if (body.size() == size) return absl::OkStatus();
  return Malformed(
      message, absl::StrCat("has ", body.size(), " bytes, must have ", size));
}

// Reads the fields of one message and keeps the first thing that is wrong.
class FieldReader {
 public:
  FieldReader(absl::string_view message, absl::string_view body)
      : message_(message), size_(body.size()), reader_(body) {}

  void Skip(size_t size) { reader_.ReadBytes(size); }
  uint32_t ReadU32() { return reader_.ReadU32(); }
  uint64_t ReadU64() { return reader_.ReadU64(); }

  // A name up to the end.
  absl::string_view ReadRest() { return Bounded(reader_.ReadRest()); }

  // A name: u16 length, and that many bytes.
  absl::string_view ReadCounted() {
    const size_t length = reader_.ReadU16();
    if (length > reader_.remaining()) {
      Keep(absl::StrCat("announces a name of ", length, " bytes, ",
                        reader_.remaining(), " follow"));
    }
    return Bounded(reader_.ReadBytes(length));
  }

  // Takes the name, or host, out of what its parser returned.
  template <typename T>
  T Take(absl::StatusOr<T> parsed) {
    if (parsed.ok()) return *std::move(parsed);
    Keep(parsed.status().message());
    return T();
  }

  // The message, if all its fields were there and right.
  template <typename Result, typename Message>
  absl::StatusOr<Result> Finish(Message message) const {
    if (!error_.empty()) return Malformed(message_, error_);
    if (reader_.ok()) return Result(std::move(message));
    return Malformed(message_,
                     absl::StrCat("ends too early, after ", size_, " bytes"));
  }

 private:
  // The parser of names shows what it refuses: not all of 64 KiB.
  absl::string_view Bounded(absl::string_view name) {
    constexpr size_t kMaxBytes = 2 * kMaxAtomCharacters;  // In UTF-8.
    if (name.size() <= kMaxBytes) return name;
    Keep(absl::StrCat("has a name of ", name.size(), " bytes, longer than ",
                      kMaxAtomCharacters, " characters"));
    return absl::string_view();
  }

  // Once a field is missing, what is wrong with later ones is of no interest.
  void Keep(absl::string_view error) {
    if (error_.empty() && reader_.ok()) error_ = std::string(error);
  }

  absl::string_view message_;
  size_t size_;
  ByteReader reader_;
  std::string error_;
};

Digest ReadDigest(ByteReader& reader) {
  Digest digest = {};
  const absl::string_view bytes = reader.ReadBytes(kDigestSize);
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

void WriteDigest(const Digest& digest, StringWriter& writer) {
  for (const uint8_t byte : digest) writer.WriteU8(byte);
}

void WriteName(absl::string_view latin1, StringWriter& writer) {
  writer.WriteU16(static_cast<uint16_t>(latin1.size()));
  writer.WriteBytes(latin1);
}

std::string EncodeSendNameV6(uint64_t flags, uint32_t creation,
                             absl::string_view latin1) {
  StringWriter writer;
  writer.WriteU8('N');
  writer.WriteU64(flags);
  writer.WriteU32(creation);
  WriteName(latin1, writer);
  return std::string(writer.view());
}

absl::StatusOr<std::string> HostFromLatin1(absl::string_view latin1) {
  std::string host = Latin1ToUtf8(latin1);
  absl::Status valid = ValidateHost(host);
  if (!valid.ok()) return valid;
  return host;
}

absl::StatusOr<SendName> DecodeSendNameV5(absl::string_view body) {
  FieldReader reader("send_name", body);
  reader.Skip(3);
  SendNameV5 message;
  message.flags = reader.ReadU32();
  message.name = reader.Take(NodeName::FromLatin1(reader.ReadRest()));
  return reader.Finish<SendName>(std::move(message));
}

absl::StatusOr<SendName> DecodeSendNameV6(absl::string_view body) {
  FieldReader reader("send_name", body);
  reader.Skip(1);
  const uint64_t flags = reader.ReadU64();
  const uint32_t creation = reader.ReadU32();
  const absl::string_view name = reader.ReadCounted();
  if (flags & kDflagNameMe) {
    SendNameDynamic message{flags, reader.Take(HostFromLatin1(name))};
    return reader.Finish<SendName>(std::move(message));
  }
  SendNameV6 message{flags, creation, reader.Take(NodeName::FromLatin1(name))};
  return reader.Finish<SendName>(std::move(message));
}

absl::StatusOr<StatusMessage> DecodeNamed(absl::string_view body) {
  FieldReader reader("status named:", body);
  reader.Skip(kNamedPrefix.size());
  const absl::string_view name = reader.ReadCounted();
  NamedStatus message;
  message.creation = reader.ReadU32();
  message.name = reader.Take(NodeName::Parse(name));
  return reader.Finish<StatusMessage>(std::move(message));
}

absl::StatusOr<Challenge> DecodeChallengeV5(absl::string_view body) {
  FieldReader reader("challenge", body);
  reader.Skip(3);
  ChallengeV5 message;
  message.flags = reader.ReadU32();
  message.challenge = reader.ReadU32();
  message.name = reader.Take(NodeName::FromLatin1(reader.ReadRest()));
  return reader.Finish<Challenge>(std::move(message));
}

absl::StatusOr<Challenge> DecodeChallengeV6(absl::string_view body) {
  FieldReader reader("challenge", body);
  reader.Skip(1);
  ChallengeV6 message;
  message.flags = reader.ReadU64();
  message.challenge = reader.ReadU32();
  message.creation = reader.ReadU32();
  message.name = reader.Take(NodeName::FromLatin1(reader.ReadCounted()));
  return reader.Finish<Challenge>(std::move(message));
}

std::string Hex(uint64_t value) { return absl::StrCat("0x", absl::Hex(value)); }

}  // namespace

std::string Encode(const SendNameV5& message) {
  StringWriter writer;
  writer.WriteU8('n');
  writer.WriteU16(kVersionFive);
  writer.WriteU32(message.flags);
  writer.WriteBytes(message.name.ToLatin1());
  return std::string(writer.view());
}

std::string Encode(const SendNameV6& message) {
  return EncodeSendNameV6(message.flags, message.creation,
                          message.name.ToLatin1());
}

std::string Encode(const SendNameDynamic& message) {
  return EncodeSendNameV6(message.flags | kDflagNameMe, /*creation=*/0,
                          *Utf8ToLatin1(message.host));
}

std::string Encode(const PlainStatus& message) {
  return absl::StrCat("s", TextOf(message.kind));
}

std::string Encode(const NamedStatus& message) {
  StringWriter writer;
  writer.WriteBytes(kNamedPrefix);
  WriteName(message.name.full(), writer);
  writer.WriteU32(message.creation);
  return std::string(writer.view());
}

std::string Encode(const AliveAnswer& message) {
  return message.still_pending ? "strue" : "sfalse";
}

std::string Encode(const ChallengeV5& message) {
  StringWriter writer;
  writer.WriteU8('n');
  writer.WriteU16(kVersionFive);
  writer.WriteU32(message.flags);
  writer.WriteU32(message.challenge);
  writer.WriteBytes(message.name.ToLatin1());
  return std::string(writer.view());
}

std::string Encode(const ChallengeV6& message) {
  StringWriter writer;
  writer.WriteU8('N');
  writer.WriteU64(message.flags);
  writer.WriteU32(message.challenge);
  writer.WriteU32(message.creation);
  WriteName(message.name.ToLatin1(), writer);
  return std::string(writer.view());
}

std::string Encode(const Complement& message) {
  StringWriter writer;
  writer.WriteU8('c');
  writer.WriteU32(message.flags_high);
  writer.WriteU32(message.creation);
  return std::string(writer.view());
}

std::string Encode(const ChallengeReply& message) {
  StringWriter writer;
  writer.WriteU8('r');
  writer.WriteU32(message.challenge);
  WriteDigest(message.digest, writer);
  return std::string(writer.view());
}

std::string Encode(const ChallengeAck& message) {
  StringWriter writer;
  writer.WriteU8('a');
  WriteDigest(message.digest, writer);
  return std::string(writer.view());
}

absl::StatusOr<SendName> DecodeSendName(absl::string_view body) {
  if (absl::StartsWith(body, "n")) return DecodeSendNameV5(body);
  if (absl::StartsWith(body, "N")) return DecodeSendNameV6(body);
  return Unexpected("send_name", body);
}

absl::StatusOr<StatusMessage> DecodeStatus(absl::string_view body) {
  if (absl::StartsWith(body, kNamedPrefix)) return DecodeNamed(body);
  for (const auto& [kind, text] : kStatusTexts) {
    if (absl::StartsWith(body, "s") && body.substr(1) == text) {
      return PlainStatus{kind};
    }
  }
  return Unexpected("status", body);
}

absl::StatusOr<AliveAnswer> DecodeAliveAnswer(absl::string_view body) {
  if (body == "strue") return AliveAnswer{true};
  if (body == "sfalse") return AliveAnswer{false};
  return Unexpected("answer to alive", body);
}

absl::StatusOr<Challenge> DecodeChallenge(absl::string_view body) {
  if (absl::StartsWith(body, "n")) return DecodeChallengeV5(body);
  if (absl::StartsWith(body, "N")) return DecodeChallengeV6(body);
  return Unexpected("challenge", body);
}

absl::StatusOr<Complement> DecodeComplement(absl::string_view body) {
  absl::Status exact = CheckExact("complement", body, 'c', kComplementSize);
  if (!exact.ok()) return exact;
  ByteReader reader(body.substr(1));
  Complement message;
  message.flags_high = reader.ReadU32();
  message.creation = reader.ReadU32();
  return message;
}

absl::StatusOr<ChallengeReply> DecodeChallengeReply(absl::string_view body) {
  absl::Status exact =
      CheckExact("challenge_reply", body, 'r', kChallengeReplySize);
  if (!exact.ok()) return exact;
  ByteReader reader(body.substr(1));
  ChallengeReply message;
  message.challenge = reader.ReadU32();
  message.digest = ReadDigest(reader);
  return message;
}

absl::StatusOr<ChallengeAck> DecodeChallengeAck(absl::string_view body) {
  absl::Status exact =
      CheckExact("challenge_ack", body, 'a', kChallengeAckSize);
  if (!exact.ok()) return exact;
  ByteReader reader(body.substr(1));
  return ChallengeAck{ReadDigest(reader)};
}

std::string ToString(const SendNameV5& message) {
  return absl::StrCat("send_name version=5 flags=", Hex(message.flags),
                      " name=", message.name.full());
}

std::string ToString(const SendNameV6& message) {
  return absl::StrCat("send_name flags=", Hex(message.flags),
                      " creation=", message.creation,
                      " name=", message.name.full());
}

std::string ToString(const SendNameDynamic& message) {
  return absl::StrCat("send_name dynamic flags=", Hex(message.flags),
                      " host=", message.host);
}

std::string ToString(const PlainStatus& message) {
  return absl::StrCat("status ", TextOf(message.kind));
}

std::string ToString(const NamedStatus& message) {
  return absl::StrCat("status named: name=", message.name.full(),
                      " creation=", message.creation);
}

std::string ToString(const AliveAnswer& message) {
  return message.still_pending ? "status true" : "status false";
}

std::string ToString(const ChallengeV5& message) {
  return absl::StrCat("challenge version=5 flags=", Hex(message.flags),
                      " challenge=", message.challenge,
                      " name=", message.name.full());
}

std::string ToString(const ChallengeV6& message) {
  return absl::StrCat(
      "challenge flags=", Hex(message.flags), " challenge=", message.challenge,
      " creation=", message.creation, " name=", message.name.full());
}

std::string ToString(const Complement& message) {
  return absl::StrCat("complement flags>>32=", Hex(message.flags_high),
                      " creation=", message.creation);
}

std::string ToString(const ChallengeReply& message) {
  return absl::StrCat("challenge_reply challenge=", message.challenge);
}

std::string ToString(const ChallengeAck&) { return "challenge_ack"; }

}  // namespace ringdist
