#include "ringdist/proto/compression.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

// zlib counts what it may read or write at once in 32 bits.
uInt Step(size_t size) {
  return static_cast<uInt>(
      std::min<size_t>(size, std::numeric_limits<uInt>::max()));
}

class Inflater {
 public:
  Inflater(absl::string_view input, size_t size) : input_(input), size_(size) {
    RINGDIST_CHECK_EQ(inflateInit(&stream_), Z_OK);  // Else: no memory.
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  void Run() {
    while (result_ == Z_OK && written() <= size_) Continue();
    output_.resize(std::min(written(), size_));
  }
  // What is wrong; empty if nothing is.
  std::string Problem() const;

  size_t read() const { return stream_.total_in; }
  std::string& output() { return output_; }

 private:
  size_t written() const { return stream_.total_out; }
  void Continue();

  absl::string_view input_;
  size_t size_;
  z_stream stream_ = {};
  int result_ = Z_OK;
  std::string output_;
};

void Inflater::Continue() {
  if (written() == output_.size()) {
    // One byte more than there should be shows whether there are more.
    const size_t larger = 2 * std::max(output_.size(), input_.size()) + 1;
    output_.resize(std::min(larger, size_ + 1));
  }
  // zlib does not write to it.
  char* input = const_cast<char*>(input_.data() + read());
  stream_.next_in = reinterpret_cast<Bytef*>(input);
  stream_.avail_in = Step(input_.size() - read());
  stream_.next_out = reinterpret_cast<Bytef*>(&output_[written()]);
  stream_.avail_out = Step(output_.size() - written());
  result_ = inflate(&stream_, Z_NO_FLUSH);
}

std::string Inflater::Problem() const {
  if (written() > size_) {
    return absl::StrCat("expands to more than the claimed ", size_, " bytes");
  }
  if (result_ == Z_BUF_ERROR) return "ends before it is complete";
  if (result_ != Z_STREAM_END) {
    return absl::StrCat("is damaged: ",
                        stream_.msg == nullptr ? zError(result_) : stream_.msg);
  }
  if (written() < size_) {
    return absl::StrCat("expands to ", written(), ", not to the claimed ",
                        size_, " bytes");
  }
  return read() < input_.size() ? "is followed by bytes that are not its" : "";
}

}  // namespace

absl::StatusOr<std::string> Inflate(absl::string_view stream, size_t size) {
  Inflater inflater(stream, size);
  inflater.Run();
  const std::string problem = inflater.Problem();
  if (!problem.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "at byte ", inflater.read(), ": the zlib stream ", problem));
  }
  return std::move(inflater.output());
}

std::string Deflate(absl::string_view bytes) {
  std::string output(compressBound(bytes.size()), '\0');
  uLongf size = output.size();
  RINGDIST_CHECK_EQ(
      compress(reinterpret_cast<Bytef*>(output.data()), &size,
               reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()),
      Z_OK);
  output.resize(size);
  return output;
}

}  // namespace ringdist
