// Iolists: text as Erlang programs put it together, a binary or a list of bytes
// (0 to 255), binaries and such lists, nested at will.
//
//   std::string text;
//   if (AppendIolist(term, text)) ...      // "abc", [<<"ab">>, [$c]],
//   <<"abc">>

#ifndef RINGDIST_PROTO_IOLIST_H_
#define RINGDIST_PROTO_IOLIST_H_

#include <string>

#include "ringdist/proto/term_view.h"

namespace ringdist {

// Appends what iolist_to_binary/1 gives for `term`. False, and `bytes` is as it
// was, where that fails. Lists of any depth, in one pass and without recursion.
bool AppendIolist(const TermView& term, std::string& bytes);

// The same for chardata, as unicode:characters_to_binary/1 takes it: integers
// are code points, and binaries are UTF-8. Appends UTF-8.
bool AppendChardata(const TermView& term, std::string& utf8);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_IOLIST_H_
