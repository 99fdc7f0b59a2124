#include "ringdist/runtime/socket_options.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

struct KnownOption {
  absl::string_view name;
  int number;  // At level SOL_SOCKET.
};
constexpr KnownOption kKnownOptions[] = {
    {"sndbuf", SO_SNDBUF},
    {"recbuf", SO_RCVBUF},
    {"priority", SO_PRIORITY},
};

constexpr absl::string_view kForbiddenOptions[] = {"active", "deliver",
                                                   "packet"};

const KnownOption* Find(absl::string_view name) {
  for (const KnownOption& option : kKnownOptions) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

bool IsForbidden(absl::string_view name) {
  return std::find(std::begin(kForbiddenOptions), std::end(kForbiddenOptions),
                   name) != std::end(kForbiddenOptions);
}

absl::Status UnknownOptions(absl::Span<const std::string> names) {
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown socket options: ", absl::StrJoin(names, ", "), "; there are ",
      absl::StrJoin(kKnownOptions, ", ",
                    [](std::string* out, const KnownOption& option) {
                      absl::StrAppend(out, option.name);
                    })));
}

}  // namespace

absl::Status ValidateSocketOptions(absl::Span<const SocketOption> options) {
  std::vector<std::string> forbidden;
  std::vector<std::string> unknown;
  std::vector<std::string> negative;
  for (const SocketOption& option : options) {
    if (IsForbidden(option.name)) {
      forbidden.push_back(option.name);
    } else if (Find(option.name) == nullptr) {
      unknown.push_back(option.name);
    } else if (option.value < 0) {
      negative.push_back(absl::StrCat(option.name, " = ", option.value));
    }
  }
  if (!forbidden.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "badopts: ", absl::StrJoin(forbidden, ", "),
        "; the distribution itself depends on these, leave them out"));
  }
  if (!unknown.empty()) return UnknownOptions(unknown);
  if (!negative.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("negative socket options: ", absl::StrJoin(negative, ", "),
                     "; the least value is 0"));
  }
  return absl::OkStatus();
}

absl::Status SetSocketOptions(int fd, absl::Span<const SocketOption> options) {
  for (const SocketOption& option : options) {
    const KnownOption* const known = Find(option.name);
    if (known == nullptr) return UnknownOptions({option.name});
    if (setsockopt(fd, SOL_SOCKET, known->number, &option.value,
                   sizeof(option.value)) != 0) {
      return SystemError("setsockopt",
                         absl::StrCat(option.name, " = ", option.value), errno);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SocketOption>> GetSocketOptions(
    int fd, absl::Span<const std::string> names) {
  std::vector<SocketOption> options;
  for (const std::string& name : names) {
    const KnownOption* const known = Find(name);
    if (known == nullptr) return UnknownOptions({name});
    SocketOption option = {name, 0};
    socklen_t size = sizeof(option.value);
    if (getsockopt(fd, SOL_SOCKET, known->number, &option.value, &size) != 0) {
      return SystemError("getsockopt", name, errno);
    }
    options.push_back(std::move(option));
  }
  return options;
}

}  // namespace ringdist
