// Reads terms without parts: numbers, atoms, strings, binaries and bitstrings,
// exports, pids, ports and references.
//
// Internal to the text form of terms; include term_text.h.

#ifndef RINGDIST_PROTO_LEAF_PARSER_H_
#define RINGDIST_PROTO_LEAF_PARSER_H_

#include "ringdist/proto/term_writer.h"
#include "ringdist/proto/text_scanner.h"

namespace ringdist {
namespace internal_text {

// Reads one off `scanner`, which stands at its first character, and writes it.
// If the scanner fails, what was written is some term or a part of one.
void ParseLeaf(TextScanner& scanner, TermWriter& writer);

}  // namespace internal_text
}  // namespace ringdist

#endif  // RINGDIST_PROTO_LEAF_PARSER_H_
