// Big-endian cursors over bytes: ByteReader takes values off the front of a
// view, ByteWriter appends values to storage that its subclass provides.
//
//   ByteReader reader(packet);
//   uint8_t tag = reader.ReadU8();
//   uint64_t flags = reader.ReadU64();
//   absl::string_view name = reader.ReadBytes(reader.ReadU16());
//   if (!reader.ok()) return absl::InvalidArgumentError("name: too short");
//
//   StringWriter writer;
//   writer.WriteU8('N');
//   writer.WriteU64(flags);
//   Send(writer.view());
//
// Everything in the distribution protocol is big-endian.

#ifndef RINGDIST_PROTO_BYTES_H_
#define RINGDIST_PROTO_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/growing_memory.h"

namespace ringdist {

// A bounds-checked cursor. The first read past the end makes it fail, and it
// stays failed: every later read gives zero or an empty view, so that a decoder
// reads all its fields and asks ok() once. Views point into the bytes given.
class ByteReader {
 public:
  explicit ByteReader(absl::string_view bytes)
      : cursor_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  size_t remaining() const { return static_cast<size_t>(end_ - cursor_); }
  bool AtEnd() const { return cursor_ == end_; }
  // The bytes not read yet; empty once failed.
  absl::string_view Rest() const { return {cursor_, remaining()}; }
  const char* cursor() const { return cursor_; }

  uint8_t ReadU8() {
    const char* at = Take(1);
    return at == nullptr ? 0 : static_cast<uint8_t>(*at);
  }
  uint16_t ReadU16() {
    const char* at = Take(2);
    return at == nullptr ? 0 : LoadBigEndian<uint16_t>(at);
  }
  uint32_t ReadU32() {
    const char* at = Take(4);
    return at == nullptr ? 0 : LoadBigEndian<uint32_t>(at);
  }
  uint64_t ReadU64() {
    const char* at = Take(8);
    return at == nullptr ? 0 : LoadBigEndian<uint64_t>(at);
  }
  absl::string_view ReadBytes(size_t size) {
    const char* at = Take(size);
    return at == nullptr ? absl::string_view() : absl::string_view(at, size);
  }
  absl::string_view ReadRest() { return ReadBytes(remaining()); }

  // Looks at the next byte without taking it; zero at the end.
  uint8_t PeekU8() const {
    return AtEnd() ? 0 : static_cast<uint8_t>(*cursor_);
  }

  // For what a decoder finds wrong by itself: as if a read had gone too far.
  void Fail() {
    ok_ = false;
    cursor_ = end_;
  }

 private:
  const char* Take(size_t size) {
    if (__builtin_expect(remaining() < size, 0)) {
      Fail();
      return nullptr;
    }
    const char* at = cursor_;
    cursor_ += size;
    return at;
  }

  const char* cursor_;
  const char* end_;
  bool ok_ = true;
};

// Appends to contiguous storage [begin, limit) that a subclass owns. Writing is
// inline while there is room; Grow is called when there is not. Pointers and
// views into what was written stay valid until the next write.
class ByteWriter {
 public:
  ByteWriter(const ByteWriter&) = delete;
  ByteWriter& operator=(const ByteWriter&) = delete;

  size_t size() const { return static_cast<size_t>(cursor_ - begin_); }
  absl::string_view view() const { return {begin_, size()}; }

  void WriteU8(uint8_t value) { *Extend(1) = static_cast<char>(value); }
  void WriteU16(uint16_t value) { StoreBigEndian<uint16_t>(Extend(2), value); }
  void WriteU32(uint32_t value) { StoreBigEndian<uint32_t>(Extend(4), value); }
  void WriteU64(uint64_t value) { StoreBigEndian<uint64_t>(Extend(8), value); }
  void WriteBytes(absl::string_view bytes) {
    if (!bytes.empty()) {
      std::memcpy(Extend(bytes.size()), bytes.data(), bytes.size());
    }
  }

  // Overwrites bytes written before: a length that is known only later.
  void PatchU8(size_t offset, uint8_t value) {
    RINGDIST_CHECK_LE(offset + 1, size());
    begin_[offset] = static_cast<char>(value);
  }
  void PatchU16(size_t offset, uint16_t value) {
    RINGDIST_CHECK_LE(offset + 2, size());
    StoreBigEndian<uint16_t>(begin_ + offset, value);
  }
  void PatchU32(size_t offset, uint32_t value) {
    RINGDIST_CHECK_LE(offset + 4, size());
    StoreBigEndian<uint32_t>(begin_ + offset, value);
  }
  void PatchU64(size_t offset, uint64_t value) {
    RINGDIST_CHECK_LE(offset + 8, size());
    StoreBigEndian<uint64_t>(begin_ + offset, value);
  }

  // Takes back everything written after `size`.
  void Truncate(size_t size) {
    RINGDIST_CHECK_LE(size, this->size());
    cursor_ = begin_ + size;
  }

  // Makes room for `size` bytes, to be filled in by the caller at once.
  char* Extend(size_t size) {
    if (__builtin_expect(static_cast<size_t>(limit_ - cursor_) < size, 0)) {
      Grow(size);
    }
    char* at = cursor_;
    cursor_ += size;
    return at;
  }

 protected:
  ByteWriter() = default;
  virtual ~ByteWriter() = default;

  // Provides room for at least `size` more bytes: moves what was written to
  // larger storage and calls SetStorage.
  virtual void Grow(size_t size) = 0;

  void SetStorage(char* begin, size_t written, size_t capacity) {
    begin_ = begin;
    cursor_ = begin + written;
    limit_ = begin + capacity;
  }
  size_t capacity() const { return static_cast<size_t>(limit_ - begin_); }
  char* begin() { return begin_; }

 private:
  char* begin_ = nullptr;
  char* cursor_ = nullptr;
  char* limit_ = nullptr;
};

// A ByteWriter that owns its storage, which doubles as it grows.
class StringWriter final : public ByteWriter {
 public:
  StringWriter() = default;

  // Forgets what was written and keeps the storage.
  void Clear() { Truncate(0); }

 private:
  void Grow(size_t size) override;

  GrowingMemory memory_;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_BYTES_H_
