// RandomTerms: terms of every kind, the same ones for the same seed.
//
//   RandomTerms terms(/*seed=*/1);
//   Term small = terms.Next(/*max_bytes=*/4096);
//   Term large = terms.OfSize(16 << 20);
//
// Integers of every size, floats, atoms of any characters, binaries, strings,
// bitstrings, pids, ports and references with ids of all widths, exports,
// closures; tuples, lists, improper lists and maps of them, and rows of lists
// in lists. The atoms, nodes and closures are few enough for a node that
// reads millions of terms and keeps them for ever. Every term is one that an
// Erlang node survives: the keys of maps differ, and have no references in them
// (OTP 25 ends when it hashes many that differ in their last words alone).

#ifndef RINGDIST_TESTS_TESTING_RANDOM_TERM_H_
#define RINGDIST_TESTS_TESTING_RANDOM_TERM_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {

class RandomTerms {
 public:
  explicit RandomTerms(uint64_t seed);

  // A term of a size that is log-uniform up to about `max_bytes`: as many of 10
  // to 100 bytes as of 100 to 1,000.
  Term Next(size_t max_bytes) { return OfSize(LogUniform(max_bytes)); }
  // A term of about that many bytes.
  Term OfSize(size_t bytes);

  // 0 to `limit` - 1; 1 to `max`, log-uniform.
  size_t Below(size_t limit);
  size_t LogUniform(size_t max);

 private:
  void Write(size_t size, int depth, TermWriter& writer);
  void WriteParts(size_t count, size_t size, int depth, TermWriter& writer);
  void WriteMap(size_t pairs, size_t size, int depth, TermWriter& writer);
  void WriteNestedLists(size_t size, int depth, TermWriter& writer);
  void WriteLeaf(TermWriter& writer);
  void WriteSized(size_t size, TermWriter& writer);
  void WriteInteger(TermWriter& writer);
  void WriteFloat(TermWriter& writer);
  void WriteBig(size_t size, TermWriter& writer);
  void WriteBitstring(size_t size, TermWriter& writer);
  void WritePid(TermWriter& writer);
  void WriteReference(TermWriter& writer);
  void WriteExport(TermWriter& writer);
  void WriteClosure(TermWriter& writer);

  bool OneIn(size_t times) { return Below(times) == 0; }
  uint32_t Word();
  std::string Bytes(size_t size);
  std::string AtomText();
  const std::string& Atom() { return atoms_[Below(atoms_.size())]; }
  AtomView Node();

  std::mt19937_64 bits_;
  bool in_key_ = false;  // Of a map.
  std::vector<std::string> atoms_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_RANDOM_TERM_H_
