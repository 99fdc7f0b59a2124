// zlib streams, as compressed terms hold them.
//
// Internal to term.h.

#ifndef RINGDIST_PROTO_COMPRESSION_H_
#define RINGDIST_PROTO_COMPRESSION_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ringdist {

// The `size` bytes that a stream expands to. A claim costs nothing: memory
// grows with the bytes that are there. InvalidArgument if the stream is not
// whole, expands to more or less, or has bytes behind it; it says where, from
// the beginning of the stream.
absl::StatusOr<std::string> Inflate(absl::string_view stream, size_t size);

std::string Deflate(absl::string_view bytes);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_COMPRESSION_H_
