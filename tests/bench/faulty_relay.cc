#include "ringdist/tests/bench/faulty_relay.h"

#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/status/statusor.h"
#include "ringdist/bench/load/bare_socket.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/framing.h"

namespace ringdist {
namespace {

constexpr size_t kMaxPacketBytes = 1024 * 1024;

// False: the other end is gone.
bool WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

// Empty at the end.
absl::string_view ReadSome(int fd, std::string& buffer) {
  buffer.resize(65536);
  const ssize_t size = read(fd, buffer.data(), buffer.size());
  return absl::string_view(buffer).substr(
      0, size > 0 ? static_cast<size_t>(size) : 0);
}

void PassToClient(int server, int client) {
  std::string buffer;
  for (absl::string_view bytes = ReadSome(server, buffer);
       !bytes.empty() && WriteAll(client, bytes);
       bytes = ReadSome(server, buffer)) {
  }
}

std::string WithLength(absl::string_view packet, size_t length_bytes) {
  StringWriter writer;
  if (length_bytes == kHandshakeHeaderSize) {
    writer.WriteU16(static_cast<uint16_t>(packet.size()));
  } else {
    writer.WriteU32(static_cast<uint32_t>(packet.size()));
  }
  writer.WriteBytes(packet);
  return std::string(writer.view());
}

}  // namespace

FaultyRelay::FaultyRelay(const std::string& client_directory,
                         std::string server_directory, const Options& options)
    : server_directory_(std::move(server_directory)), options_(options) {
  absl::StatusOr<FileDescriptor> listening = ListenBare(client_directory);
  RINGDIST_CHECK(listening.ok());
  listening_ = *std::move(listening);
  thread_ = std::thread([this] { Run(); });
}

void FaultyRelay::Run() {
  const FileDescriptor client(accept(listening_.get(), nullptr, nullptr));
  const absl::StatusOr<FileDescriptor> server = ConnectBare(server_directory_);
  RINGDIST_CHECK(server.ok());
  std::thread to_client([&] { PassToClient(server->get(), client.get()); });
  PassToServer(client.get(), server->get());
  shutdown(server->get(), SHUT_RDWR);
  to_client.join();
}

void FaultyRelay::PassToServer(int client, int server) {
  PacketDecoder decoder(kMaxPacketBytes);
  int handshake_left = options_.handshake_packets;
  if (handshake_left == 0) decoder.SwitchToData();
  std::string buffer;
  std::string out;
  for (absl::string_view bytes = ReadSome(client, buffer); !bytes.empty();
       bytes = ReadSome(client, buffer)) {
    absl::string_view packet;
    while (decoder.Next(bytes, packet) == PacketDecoder::Result::kPacket) {
      if (handshake_left == 0) {
        Take(packet, out);
      } else {
        out += WithLength(packet, kHandshakeHeaderSize);
        if (--handshake_left == 0) decoder.SwitchToData();
      }
    }
    if (!WriteAll(server, out)) return;
    out.clear();
  }
}

void FaultyRelay::Take(absl::string_view packet, std::string& out) {
  std::string bytes = WithLength(packet, kDataHeaderSize);
  if (++packets_ != options_.packet) {
    out += bytes;
    out += std::exchange(kept_, "");
    return;
  }
  switch (options_.fault) {
    case Fault::kLose:
      return;
    case Fault::kRepeat:
      out += bytes;
      out += bytes;
      return;
    case Fault::kSwapWithNext:
      kept_ = std::move(bytes);
      return;
    case Fault::kSpoilLastByte:
      bytes.back() = static_cast<char>(bytes.back() ^ 1);
      out += bytes;
      return;
  }
}

}  // namespace ringdist
