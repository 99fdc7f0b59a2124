#include "ringdist/runtime/erl_uds_carrier.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/creation.h"
#include "ringdist/runtime/creation_file.h"
#include "ringdist/runtime/dial.h"
#include "ringdist/runtime/name_lock.h"
#include "ringdist/runtime/socket_file.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

class ErlUdsSocket final : public ListeningSocket {
 public:
  ErlUdsSocket(std::unique_ptr<SocketFile> file, NetAddress address,
               uint32_t creation)
      : file_(std::move(file)),
        address_(std::move(address)),
        creation_(creation) {}

  int fd() const override { return file_->fd(); }
  const NetAddress& address() const override { return address_; }
  uint32_t creation() const override { return creation_; }

 private:
  const std::unique_ptr<SocketFile> file_;
  const NetAddress address_;
  const uint32_t creation_;
};

}  // namespace

absl::Status ErlUdsOptions::Validate() const {
  if (directory.empty()) {
    return absl::InvalidArgumentError(
        "ErlUdsOptions::directory is empty; \".\" is the current directory");
  }
  if (protocol_version != 5 && protocol_version != 6) {
    return absl::InvalidArgumentError(
        absl::StrCat("ErlUdsOptions::protocol_version is ", protocol_version,
                     "; it must be 5 or 6"));
  }
  if (socket_mode > 0777) {
    return absl::InvalidArgumentError(
        absl::StrFormat("ErlUdsOptions::socket_mode is %#o; it must be at most "
                        "0777",
                        socket_mode));
  }
  if (backlog < 1 || backlog > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("ErlUdsOptions::backlog is ", backlog,
                     "; it must be between 1 and 65535"));
  }
  return absl::OkStatus();
}

absl::Status CheckUser(uid_t peer, uid_t own, bool allow_other_users) {
  if (allow_other_users || peer == own) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("the peer's process belongs to the user with uid ", peer,
                   ", ours to uid ", own,
                   "; set allow_other_users if it may connect nevertheless"));
}

absl::StatusOr<std::unique_ptr<ErlUdsCarrier>> ErlUdsCarrier::Create(
    Reactor& reactor, const ErlUdsOptions& options, EntropySource entropy) {
  absl::Status valid = options.Validate();
  if (!valid.ok()) return valid;
  absl::StatusOr<SocketDirectory> directory =
      SocketDirectory::Open(options.directory);
  if (!directory.ok()) return directory.status();
  return std::unique_ptr<ErlUdsCarrier>(new ErlUdsCarrier(
      reactor, options, *std::move(directory), std::move(entropy)));
}

absl::StatusOr<std::unique_ptr<ListeningSocket>> ErlUdsCarrier::Listen(
    const NodeName& name) {
  RINGDIST_CHECK(!name.empty());
  // Before the lock's file is made, and cannot have such a name either.
  const absl::Status fits = directory_.AddressOf(name.alive()).status();
  if (!fits.ok()) return fits;
  SocketFileOptions options;
  options.mode = options_.socket_mode;
  options.backlog = options_.backlog;
  const absl::StatusOr<NameLock> lock =
      NameLock::Acquire(directory_, name.alive(), options.lock_wait);
  if (!lock.ok()) return lock.status();
  absl::StatusOr<std::unique_ptr<SocketFile>> file =
      SocketFile::Listen(directory_, name.alive(), *lock, options);
  if (!file.ok()) return file.status();
  // Only a node that has the name takes a creation.
  const uint32_t creation =
      options_.protocol_version == 6
          ? BigCreation(entropy_())
          : TakeStoredCreation(directory_, name.alive(), *lock, entropy_);
  return std::make_unique<ErlUdsSocket>(*std::move(file), AddressOf(name),
                                        creation);
}

std::unique_ptr<DialAttempt> ErlUdsCarrier::Dial(const NodeName& peer,
                                                 absl::Time deadline,
                                                 DialCallback done) {
  RINGDIST_CHECK(!peer.empty());
  const absl::StatusOr<UnixAddress> address =
      directory_.AddressOf(peer.alive());
  if (!address.ok()) {
    return std::make_unique<SocketDial>(reactor_, address.status(),
                                        std::move(done));
  }
  DialTarget target;
  std::memcpy(&target.address, &address->address, sizeof(address->address));
  target.address_size = address->size;
  target.text = directory_.RealPathOf(peer.alive());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return std::make_unique<SocketDial>(
        reactor_, SystemError("socket", target.text, errno), std::move(done));
  }
  return std::make_unique<SocketDial>(reactor_, fd, std::move(target), deadline,
                                      std::move(done));
}

absl::Status ErlUdsCarrier::CheckPeer(int fd) {
  ucred peer = {};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return SystemError("getsockopt", "SO_PEERCRED", errno);
  }
  return CheckUser(peer.uid, geteuid(), options_.allow_other_users);
}

absl::Status ErlUdsCarrier::Configure(int fd,
                                      absl::Span<const SocketOption> options) {
  return SetSocketOptions(fd, options);
}

absl::StatusOr<std::vector<SocketOption>> ErlUdsCarrier::Configuration(
    int fd, absl::Span<const std::string> names) {
  return GetSocketOptions(fd, names);
}

NetAddress ErlUdsCarrier::AddressOf(const NodeName& peer) const {
  NetAddress address = AddressWithoutListening();
  address.address = directory_.PathOf(peer.alive());
  return address;
}

NetAddress ErlUdsCarrier::AddressWithoutListening() const {
  return {"", "localhost", "local", "stream"};
}

}  // namespace ringdist
