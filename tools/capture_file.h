// Files of captured connections: what `ringdist serve --capture` writes and
// `ringdist dump` reads.
//
//   file     "ringdist capture 1\n", then records to the end
//   record   u64 time       microseconds since 1970-01-01 00:00 UTC
//            u64 connection  the connection's number
//            u8  direction   0: received, 1: sent, by who captured
//            u32 size        1 to kMaxCaptureRecordBytes
//            bytes           that many
//
// Integers are big-endian. The bytes of a connection's direction are those of
// its stream, from the handshake's first on, cut anywhere.
//
// With the digests in it one can try out cookies: a file is its owner's only.

#ifndef RINGDIST_TOOLS_CAPTURE_FILE_H_
#define RINGDIST_TOOLS_CAPTURE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <istream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/runtime/capture.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

inline constexpr absl::string_view kCaptureMagic = "ringdist capture 1\n";
inline constexpr size_t kMaxCaptureRecordBytes = 1024 * 1024;

struct CaptureRecord {
  absl::Time time;
  uint64_t connection = 0;
  CaptureDirection direction = CaptureDirection::kReceived;
  std::string bytes;
};

// Writes one, with a buffer: what is written is in the file after Flush, or
// when the writer is destroyed.
class CaptureWriter {
 public:
  // Makes the file, or empties it. Errors are the system's, with the path.
  static absl::StatusOr<std::unique_ptr<CaptureWriter>> Create(
      const std::string& path);
  ~CaptureWriter() { Flush().IgnoreError(); }

  void Write(absl::Time time, uint64_t connection, CaptureDirection direction,
             absl::string_view bytes);

  // OK, or the first error there was; nothing is written after it.
  absl::Status Flush();

 private:
  CaptureWriter(const std::string& path, FileDescriptor fd);

  const std::string path_;
  const FileDescriptor fd_;
  std::string buffer_;
  absl::Status status_;
};

// Reads one.
//
//   CaptureReader reader(std::cin);
//   CaptureRecord record;
//   absl::StatusOr<bool> read = reader.Next(record);   // false: the end
class CaptureReader {
 public:
  // `input` outlives it.
  explicit CaptureReader(std::istream& input) : input_(input) {}

  // Takes the next record; false at the file's end. InvalidArgument: this is no
  // capture, or none from some byte on. DataLoss: it ends inside a record. Both
  // say where; nothing more can be read then.
  absl::StatusOr<bool> Next(CaptureRecord& record);

 private:
  // How many of `size` bytes there still were; they are put in `bytes`.
  size_t Read(size_t size, std::string& bytes);
  absl::Status ReadMagic();
  absl::Status EndsInside(size_t record_at) const;

  std::istream& input_;
  size_t at_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_CAPTURE_FILE_H_
