// The creation file: where a node of protocol version 5 keeps its creation, so
// that the next one of its name takes another. It is <alive>.uds next to the
// socket and holds one ASCII digit, as with OTP's example carrier
// (get_creation/1 in erl_uds_dist.erl): a C++ and an Erlang node that follow
// each other under one name go on from each other's number.
//
//   const uint32_t creation =
//       TakeStoredCreation(directory, "cpp", lock, entropy);  // 1, 2 or 3
//
// The rules are in proto/creation.h. A node of version 6 has no such file.

#ifndef RINGDIST_RUNTIME_CREATION_FILE_H_
#define RINGDIST_RUNTIME_CREATION_FILE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "ringdist/runtime/entropy.h"
#include "ringdist/runtime/name_lock.h"
#include "ringdist/runtime/socket_directory.h"

namespace ringdist {

// The creation after the stored one, which it stores: at offset 0, and what
// else is in the file stays. Makes the file if it is missing; never fails: a
// random creation if it cannot be opened. It is not looked for behind a
// symbolic link. `lock` is the lock of that name: two nodes that start at once
// must not read the same digit.
uint32_t TakeStoredCreation(const SocketDirectory& directory,
                            absl::string_view alive, const NameLock& lock,
                            const EntropySource& entropy);

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_CREATION_FILE_H_
