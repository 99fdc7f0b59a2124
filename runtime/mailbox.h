// Mailbox: messages that wait for a process, in the order they came, as bytes.
//
//   mailbox.Append(message);                  // copies
//   while (!mailbox.empty()) {
//     Handle(mailbox.front());
//     mailbox.PopFront();
//   }
//
// What is in it lies in one piece of memory that is used over and over, so that
// messages which come and go cost no allocation. Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_MAILBOX_H_
#define RINGDIST_RUNTIME_MAILBOX_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term_view.h"

namespace ringdist {

class Mailbox {
 public:
  bool empty() const { return count_ == 0; }
  size_t count() const { return count_; }
  // Of the messages that wait, bookkeeping included.
  size_t bytes() const { return live_bytes_; }

  void Append(const TermView& message);

  // The oldest message; valid until the mailbox is changed.
  TermView front();
  void PopFront();

  // Takes the oldest message that `wanted` accepts out and hands it to `use`,
  // which must not change the mailbox. False if there is none.
  bool TakeFirst(absl::FunctionRef<bool(const TermView&)> wanted,
                 absl::FunctionRef<void(const TermView&)> use);

  void Clear();

 private:
  // Storage: [begin_, ...) is a sequence of entries, each
  //
  //   u64 size of the entry | u8 taken | u8 n | n * (u16 size, atom) | term
  //
  // with `taken` set once TakeFirst took it out of the middle. The atoms are
  // those that the term's cache references stand for: to write each reference
  // out would let a peer make us store 500 times what it sent.
  static constexpr size_t kTakenOffset = 8;
  static constexpr size_t kEntryHeader = 10;

  size_t EntrySize(size_t at) const;
  bool IsTaken(size_t at) const {
    return storage_->view()[at + kTakenOffset] != 0;
  }
  // Valid until the next call.
  TermView TermAt(size_t at);
  // Skips what was taken; gives back memory that is not needed.
  void Trim();

  // Made with the first message: most processes never have one that waits.
  std::unique_ptr<StringWriter> storage_;
  size_t begin_ = 0;
  size_t count_ = 0;
  size_t live_bytes_ = 0;
  std::vector<absl::string_view> atoms_;  // Of the view given out last.
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_MAILBOX_H_
