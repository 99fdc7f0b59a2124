#include "ringdist/tools/cookie.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

constexpr absl::string_view kFileName = ".erlang.cookie";
// Read at most so much: room for the longest cookie and what may follow it.
constexpr size_t kMaxFileBytes = 4096;

bool IsSet(const char* value) { return value != nullptr && *value != '\0'; }

std::vector<std::string> PlacesToLook(const char* home,
                                      const char* xdg_config_home) {
  std::vector<std::string> places;
  if (IsSet(home)) places.push_back(absl::StrCat(home, "/", kFileName));
  if (IsSet(xdg_config_home)) {
    places.push_back(absl::StrCat(xdg_config_home, "/erlang/", kFileName));
  } else if (IsSet(home)) {
    places.push_back(absl::StrCat(home, "/.config/erlang/", kFileName));
  }
  return places;
}

absl::Status BadFile(absl::string_view path, absl::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat("cookie file ", path, ": ", what));
}

absl::Status CheckAttributes(const std::string& path, const struct stat& file) {
  if (!S_ISREG(file.st_mode)) {
    return BadFile(path, "it is not a regular file");
  }
  if ((file.st_mode & 077) != 0) {
    return BadFile(
        path, absl::StrFormat("its mode is %03o, so others than its owner may "
                              "use it; chmod 400 %s",
                              file.st_mode & 0777, path));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAll(const std::string& path, int fd) {
  std::string text(kMaxFileBytes, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t more = read(fd, &text[size], text.size() - size);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return SystemError("read", path, errno);
    if (more == 0) break;
    size += static_cast<size_t>(more);
  }
  text.resize(size);
  return text;
}

absl::StatusOr<std::string> ParseCookie(absl::string_view path,
                                        std::string text) {
  size_t size = 0;
  while (size < text.size() && text[size] >= ' ' && text[size] <= '~') ++size;
  const size_t bad = text.find_first_not_of("\n\r ", size);
  if (bad != std::string::npos) {
    return BadFile(
        path, absl::StrFormat("byte %d is %#04x; a cookie is one line of "
                              "printable ASCII characters",
                              bad + 1, static_cast<unsigned char>(text[bad])));
  }
  if (size == 0) return BadFile(path, "it is empty; write a cookie into it");
  if (size > kMaxAtomCharacters) {
    return BadFile(path, absl::StrCat("its cookie has more than ",
                                      kMaxAtomCharacters, " characters"));
  }
  text.resize(size);
  return text;
}

}  // namespace

absl::StatusOr<std::string> FindCookie(const char* home,
                                       const char* xdg_config_home) {
  const std::vector<std::string> places = PlacesToLook(home, xdg_config_home);
  for (const std::string& path : places) {
    absl::StatusOr<std::string> cookie = ReadCookieFile(path);
    if (!absl::IsNotFound(cookie.status())) return cookie;
  }
  const std::string where =
      places.empty()
          ? "HOME is not set"
          : absl::StrCat("there is no ", absl::StrJoin(places, " and no "));
  return absl::NotFoundError(absl::StrCat(
      "no cookie: ", where,
      "; give --cookie_file=FILE with the cookie of your Erlang nodes"));
}

absl::StatusOr<std::string> ReadCookieFile(const std::string& path) {
  // Not to wait for a FIFO's writer.
  const FileDescriptor fd(
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) return SystemError("open", path, errno);
  struct stat file;
  if (fstat(fd.get(), &file) != 0) return SystemError("stat", path, errno);
  absl::Status usable = CheckAttributes(path, file);
  if (!usable.ok()) return usable;
  absl::StatusOr<std::string> text = ReadAll(path, fd.get());
  if (!text.ok()) return text;
  return ParseCookie(path, *std::move(text));
}

}  // namespace ringdist
