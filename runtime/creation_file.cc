#include "ringdist/runtime/creation_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/creation.h"
#include "ringdist/runtime/entropy.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/name_lock.h"
#include "ringdist/runtime/socket_directory.h"

namespace ringdist {

uint32_t TakeStoredCreation(const SocketDirectory& directory,
                            absl::string_view alive, const NameLock& /*lock*/,
                            const EntropySource& entropy) {
  const std::string name = absl::StrCat(alive, ".uds");
  const FileDescriptor fd(
      openat(directory.fd(), name.c_str(),
             O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!fd.valid()) return RandomSmallCreation(entropy());
  char byte = 0;
  std::optional<char> stored;
  if (pread(fd.get(), &byte, 1, 0) == 1) stored = byte;
  const SmallCreation next = NextSmallCreation(stored);
  // Where nothing can be written the next node starts at 1 again, as it does
  // with the Erlang carrier.
  [[maybe_unused]] const ssize_t written = pwrite(fd.get(), &next.stored, 1, 0);
  return next.value;
}

}  // namespace ringdist
