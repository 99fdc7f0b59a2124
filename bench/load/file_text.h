// Whole files, in and out.

#ifndef RINGDIST_BENCH_LOAD_FILE_TEXT_H_
#define RINGDIST_BENCH_LOAD_FILE_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ringdist {

// The system's error names the file.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Replaces the file; "-" is standard output.
absl::Status WriteFile(const std::string& path, absl::string_view text);

// Whether WriteFile can be expected to work. Leaves no file that was not there,
// and alone what is in one.
absl::Status CheckWritable(const std::string& path);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_FILE_TEXT_H_
