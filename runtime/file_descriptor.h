// FileDescriptor: owns a descriptor and closes it.
//
//   FileDescriptor fd(open(path, O_RDONLY | O_CLOEXEC));
//   if (!fd.valid()) return SystemError("open", path, errno);
//
// For what is opened and closed outside the engine. Descriptors that an engine
// works on are closed by the engine.

#ifndef RINGDIST_RUNTIME_FILE_DESCRIPTOR_H_
#define RINGDIST_RUNTIME_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace ringdist {

class FileDescriptor {
 public:
  // Owns `fd`; a negative one is none.
  explicit FileDescriptor(int fd = kNone) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { Close(); }

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }

  // Hands it over: the caller closes it.
  [[nodiscard]] int Release() { return std::exchange(fd_, kNone); }

  void Close() {
    if (valid()) close(Release());
  }

 private:
  static constexpr int kNone = -1;

  int fd_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_FILE_DESCRIPTOR_H_
