// The cookie that Erlang's own nodes would take, as auth.erl in OTP's
// lib/kernel finds and reads it (read_cookie/0, check_cookie/2), but for one
// thing: no file is ever created.
//
//   absl::StatusOr<std::string> cookie =
//       FindCookie(getenv("HOME"), getenv("XDG_CONFIG_HOME"));

#ifndef RINGDIST_TOOLS_COOKIE_H_
#define RINGDIST_TOOLS_COOKIE_H_

#include <string>

#include "absl/status/statusor.h"

namespace ringdist {

// The cookie of <home>/.erlang.cookie or, if there is no such file, of
// <xdg_config_home>/erlang/.erlang.cookie. The arguments are what these
// environment variables hold, null or "" if they are not set; without the
// second it is <home>/.config. NotFound if there is neither file, saying where
// it looked; otherwise as ReadCookieFile.
absl::StatusOr<std::string> FindCookie(const char* home,
                                       const char* xdg_config_home);

// The cookie in a file: printable ASCII, followed by any number of '\n', '\r'
// and ' '. As in Erlang a blank before the first line's end belongs to it.
// Errors: NotFound; FailedPrecondition if it is no regular file, may be
// accessed by others than its owner, or holds no such cookie of 1 to 255
// characters; and what the system says.
absl::StatusOr<std::string> ReadCookieFile(const std::string& path);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_COOKIE_H_
