#include "ringdist/bench/peers/temporary_directory.h"

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"

namespace ringdist {

TemporaryDirectory::TemporaryDirectory() : path_("/tmp/ringdist-XXXXXX") {
  RINGDIST_CHECK(mkdtemp(path_.data()) != nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
  // What cannot be removed stays: no reason to fail.
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::Join(absl::string_view name) const {
  return absl::StrCat(path_, "/", name);
}

}  // namespace ringdist
