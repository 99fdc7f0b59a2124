#include "ringdist/tests/testing/raw_peer.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>
#include <variant>
#include <vector>

#include "ringdist/proto/bytes.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/cookie_digest.h"
#include "ringdist/proto/handshake_messages.h"
#include "ringdist/tests/testing/packets.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/test_node.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {
namespace {

constexpr uint32_t kChallenge = 0xDEADBEEF;
constexpr uint32_t kCreation = 0x12345678;

FileDescriptor ConnectedTo(const std::string& path) {
  FileDescriptor fd;
  RINGDIST_CHECK_EQ(ConnectTo(path, fd), 0);
  return fd;
}

}  // namespace

std::string DataPacket(absl::string_view body) {
  StringWriter packet;
  packet.WriteU32(static_cast<uint32_t>(body.size()));
  packet.WriteBytes(body);
  return std::string(packet.view());
}

RawPeer::RawPeer(Reactor& reactor, const std::string& path,
                 absl::string_view name)
    : RawPeer(reactor, ConnectedTo(path), name) {}

RawPeer::RawPeer(Reactor& reactor, FileDescriptor fd, absl::string_view name)
    : reactor_(reactor), fd_(std::move(fd)), name_(NameOf(name)) {}

void RawPeer::Send(absl::string_view bytes) {
  const bool sent = RunUntilOther(reactor_, [&] {
    const ssize_t size =
        send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size >= 0) bytes.remove_prefix(static_cast<size_t>(size));
    return bytes.empty() || (size < 0 && errno != EAGAIN);
  });
  RINGDIST_CHECK(sent);
}

void RawPeer::SendHandshake(absl::string_view body) {
  Send(HandshakePacket(body));
}

bool RawPeer::Read() {
  while (!closed_) {
    char bytes[65536];
    const ssize_t size = recv(fd_.get(), bytes, sizeof(bytes), 0);
    if (size > 0) {
      unread_.append(bytes, static_cast<size_t>(size));
    } else if (size == 0 || errno != EAGAIN) {
      closed_ = true;
    } else {
      break;
    }
  }
  return !closed_;
}

std::optional<std::string> RawPeer::ReceivePacket(size_t header_size) {
  size_t size = 0;
  const auto is_complete = [&] {
    if (unread_.size() < header_size) return false;
    ByteReader header(unread_);
    size = header_size == 2 ? header.ReadU16() : header.ReadU32();
    return unread_.size() >= header_size + size;
  };
  const bool waited = RunUntilOther(reactor_, [&] {
    Read();
    return is_complete() || closed_;
  });
  RINGDIST_CHECK(waited);
  if (!is_complete()) return std::nullopt;
  std::string body = unread_.substr(header_size, size);
  unread_.erase(0, header_size + size);
  return body;
}

std::optional<std::string> RawPeer::ReceiveHandshake() {
  return ReceivePacket(2);
}

std::optional<std::string> RawPeer::ReceiveData() { return ReceivePacket(4); }

bool RawPeer::SeesClose() {
  return RunUntilOther(reactor_, [&] { return !Read(); });
}

std::string RawPeer::Dial(absl::string_view status) {
  SendHandshake(Encode(SendNameV6{flags, kCreation, name_}));
  const std::optional<std::string> answer = ReceiveHandshake();
  RINGDIST_CHECK(answer.has_value());
  RINGDIST_CHECK_EQ(*answer, status);
  const std::optional<std::string> challenge = ReceiveHandshake();
  RINGDIST_CHECK(challenge.has_value());
  return ReplyTo(*challenge);
}

std::string RawPeer::ReplyTo(absl::string_view challenge_body) {
  const absl::StatusOr<Challenge> challenge = DecodeChallenge(challenge_body);
  RINGDIST_CHECK(challenge.ok());
  const uint32_t number =
      std::visit([](const auto& form) { return form.challenge; }, *challenge);
  return HandshakePacket(
      Encode(ChallengeReply{kChallenge, *CookieDigest(cookie, number)}));
}

std::string RawPeer::Answer() {
  RINGDIST_CHECK(ReceiveHandshake().has_value());
  SendHandshake("sok");
  SendHandshake(Encode(ChallengeV6{flags, kChallenge, kCreation, name_}));
  const std::optional<std::string> reply = ReceiveHandshake();
  RINGDIST_CHECK(reply.has_value());
  return AckOf(*reply);
}

std::string RawPeer::AckOf(absl::string_view reply_body) {
  const absl::StatusOr<ChallengeReply> reply = DecodeChallengeReply(reply_body);
  RINGDIST_CHECK(reply.ok());
  return HandshakePacket(
      Encode(ChallengeAck{*CookieDigest(cookie, reply->challenge)}));
}

RawPeer AcceptPeer(Reactor& reactor, const FileDescriptor& listening,
                   absl::string_view name) {
  std::vector<FileDescriptor> accepted;
  const bool waited = RunUntilOther(reactor, [&] {
    accepted = AcceptAll(listening.get());
    return !accepted.empty();
  });
  RINGDIST_CHECK(waited);
  RINGDIST_CHECK_EQ(accepted.size(), 1u);
  return RawPeer(reactor, std::move(accepted.front()), name);
}

}  // namespace ringdist
