#include "ringdist/tools/capture_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

constexpr size_t kHeaderSize = 8 + 8 + 1 + 4;
// The buffer is written when it holds so much.
constexpr size_t kBufferBytes = 256 * 1024;

}  // namespace

// Writing.

absl::StatusOr<std::unique_ptr<CaptureWriter>> CaptureWriter::Create(
    const std::string& path) {
  FileDescriptor fd(
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid()) return SystemError("open", path, errno);
  return std::unique_ptr<CaptureWriter>(new CaptureWriter(path, std::move(fd)));
}

CaptureWriter::CaptureWriter(const std::string& path, FileDescriptor fd)
    : path_(path), fd_(std::move(fd)), buffer_(kCaptureMagic) {}

void CaptureWriter::Write(absl::Time time, uint64_t connection,
                          CaptureDirection direction, absl::string_view bytes) {
  while (!bytes.empty()) {
    const absl::string_view part = bytes.substr(0, kMaxCaptureRecordBytes);
    bytes.remove_prefix(part.size());
    StringWriter header;
    header.WriteU64(static_cast<uint64_t>(absl::ToUnixMicros(time)));
    header.WriteU64(connection);
    header.WriteU8(static_cast<uint8_t>(direction));
    header.WriteU32(static_cast<uint32_t>(part.size()));
    absl::StrAppend(&buffer_, header.view(), part);
    if (buffer_.size() >= kBufferBytes) Flush().IgnoreError();
  }
}

absl::Status CaptureWriter::Flush() {
  absl::string_view left = buffer_;
  while (status_.ok() && !left.empty()) {
    const ssize_t written = write(fd_.get(), left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      status_ = SystemError("write", path_, errno);
    }
  }
  buffer_.clear();
  return status_;
}

// Reading.

size_t CaptureReader::Read(size_t size, std::string& bytes) {
  bytes.resize(size);
  input_.read(bytes.data(), static_cast<std::streamsize>(size));
  const auto read = static_cast<size_t>(input_.gcount());
  at_ += read;
  return read;
}

absl::Status CaptureReader::ReadMagic() {
  std::string magic;
  magic.resize(Read(kCaptureMagic.size(), magic));
  if (magic == kCaptureMagic) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "this is no capture: it begins with \"", absl::CHexEscape(magic),
      "\"; make one with ringdist serve --capture=FILE"));
}

absl::Status CaptureReader::EndsInside(size_t record_at) const {
  return absl::DataLossError(
      absl::StrCat("the capture is cut off: it ends at byte ", at_,
                   ", inside the record that begins at byte ", record_at));
}

absl::StatusOr<bool> CaptureReader::Next(CaptureRecord& record) {
  if (at_ == 0) {
    absl::Status magic = ReadMagic();
    if (!magic.ok()) return magic;
  }
  const size_t record_at = at_;
  std::string header;
  const size_t read = Read(kHeaderSize, header);
  if (read == 0) return false;
  if (read < kHeaderSize) return EndsInside(record_at);
  ByteReader reader(header);
  record.time = absl::FromUnixMicros(static_cast<int64_t>(reader.ReadU64()));
  record.connection = reader.ReadU64();
  const uint8_t direction = reader.ReadU8();
  const size_t size = reader.ReadU32();
  if (direction > 1 || size == 0 || size > kMaxCaptureRecordBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the capture is broken: the record at byte ", record_at,
                     " has direction ", direction, " and ", size, " bytes"));
  }
  record.direction = static_cast<CaptureDirection>(direction);
  if (Read(size, record.bytes) < size) return EndsInside(record_at);
  return true;
}

}  // namespace ringdist
