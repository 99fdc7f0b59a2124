#include "ringdist/bench/load/file_text.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

constexpr char kStandardOutput[] = "-";

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  FILE* const file = fopen(path.c_str(), "r");
  if (file == nullptr) return SystemError("open", path, errno);
  std::string text;
  char buffer[64 * 1024];
  while (const size_t size = fread(buffer, 1, sizeof(buffer), file)) {
    text.append(buffer, size);
  }
  const int error = ferror(file) != 0 ? errno : 0;
  fclose(file);
  if (error != 0) return SystemError("read", path, error);
  return text;
}

absl::Status WriteFile(const std::string& path, absl::string_view text) {
  const bool is_output = path == kStandardOutput;
  FILE* const file = is_output ? stdout : fopen(path.c_str(), "w");
  if (file == nullptr) return SystemError("open", path, errno);
  bool ok = fwrite(text.data(), 1, text.size(), file) == text.size();
  ok = (is_output ? fflush(file) : fclose(file)) == 0 && ok;
  return ok ? absl::OkStatus() : SystemError("write", path, errno);
}

absl::Status CheckWritable(const std::string& path) {
  if (path == kStandardOutput) return absl::OkStatus();
  const bool is_new = access(path.c_str(), F_OK) != 0;
  FILE* const file = fopen(path.c_str(), "a");
  if (file == nullptr) return SystemError("open", path, errno);
  fclose(file);
  if (is_new) unlink(path.c_str());
  return absl::OkStatus();
}

}  // namespace ringdist
