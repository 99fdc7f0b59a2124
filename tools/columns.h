// Text for a terminal, measured in columns.
//
//   FitColumns("srv@localhost", 8)       // "srv@loc~"
//   PadColumns("srv", 8)                 // "srv     "
//   WrapColumns("a b c", 3)              // {"a b", "c"}
//
// Texts are UTF-8; what a terminal would take for a command to it, and bytes
// that are not UTF-8, are shown as ?. A character beyond the Latin, Greek,
// Cyrillic and similar ones counts as two columns, as wide ones are.

#ifndef RINGDIST_TOOLS_COLUMNS_H_
#define RINGDIST_TOOLS_COLUMNS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ringdist {

// How many columns `text` takes.
size_t CountColumns(absl::string_view text);

// `text` in at most `width` columns; if it is cut, ~ is its end.
std::string FitColumns(absl::string_view text, size_t width);

// `text` in exactly `width` columns: cut, or with blanks behind it.
std::string PadColumns(absl::string_view text, size_t width);

// `text` in lines of at most `width` columns, broken at blanks. A word that is
// longer than a line is cut.
std::vector<std::string> WrapColumns(absl::string_view text, size_t width);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_COLUMNS_H_
