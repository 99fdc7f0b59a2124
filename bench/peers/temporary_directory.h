// TemporaryDirectory: a directory with a short path, gone at the end of scope.
//
//   TemporaryDirectory directory;
//   Listen(directory.Join("cpp"));  // "/tmp/ringdist-Yz3kqA/cpp"
//
// It is made under /tmp and not under $TEST_TMPDIR because Bazel's paths alone
// would fill the 107 bytes that the address of a Unix socket may have.

#ifndef RINGDIST_BENCH_PEERS_TEMPORARY_DIRECTORY_H_
#define RINGDIST_BENCH_PEERS_TEMPORARY_DIRECTORY_H_

#include <string>

#include "absl/strings/string_view.h"

namespace ringdist {

class TemporaryDirectory {
 public:
  // Makes the directory, for this user only. A CHECK fails if /tmp cannot be
  // written to: nobody can go on then.
  TemporaryDirectory();
  // Removes the directory and everything in it.
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  // The absolute path, without a '/' at its end.
  const std::string& path() const { return path_; }
  // The path of a file in the directory.
  std::string Join(absl::string_view name) const;

 private:
  std::string path_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_TEMPORARY_DIRECTORY_H_
