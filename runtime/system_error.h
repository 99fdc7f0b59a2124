// SystemError: the one place where an errno becomes an absl::Status.
//
//   if (bind(fd, ...) != 0) return SystemError("bind", path, errno);
//   // "bind /run/x/cpp: Permission denied (EACCES)", kPermissionDenied
//
//   return SystemError("connect", path, ENOENT, "no node listens there");
//   // "connect /run/x/srv: No such file or directory (ENOENT): no node listens
//   // there", kNotFound
//
// Safe from any thread.

#ifndef RINGDIST_RUNTIME_SYSTEM_ERROR_H_
#define RINGDIST_RUNTIME_SYSTEM_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace ringdist {

// `call` is the system call, `object` what it was about (may be empty), `error`
// a positive errno, `hint` what that means here or what to do (may be empty).
// Never OK. The code is absl's for that errno.
absl::Status SystemError(absl::string_view call, absl::string_view object,
                         int error, absl::string_view hint = "");

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_SYSTEM_ERROR_H_
