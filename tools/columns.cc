#include "ringdist/tools/columns.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ringdist/proto/erlang_syntax.h"

namespace ringdist {
namespace {

// A character as the terminal shows it.
struct Character {
  absl::string_view text = "?";
  size_t columns = 1;
};

// Takes the first character off `text`, which is not empty.
Character TakeCharacter(absl::string_view& text) {
  const absl::string_view all = text;
  char32_t code = 0;
  if (!internal_text::TakeCharacter(text, code)) {
    text.remove_prefix(1);
    return {};
  }
  const bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  if (is_control) return {};
  return {all.substr(0, all.size() - text.size()),
          code < 0x1100 ? size_t{1} : size_t{2}};
}

}  // namespace

size_t CountColumns(absl::string_view text) {
  size_t columns = 0;
  while (!text.empty()) columns += TakeCharacter(text).columns;
  return columns;
}

std::string FitColumns(absl::string_view text, size_t width) {
  std::string fitted;
  size_t columns = 0;
  size_t cut_at = 0;  // Before what would leave no column for the ~.
  while (!text.empty()) {
    const Character character = TakeCharacter(text);
    columns += character.columns;
    if (columns > width) {
      fitted.resize(cut_at);
      return width == 0 ? "" : absl::StrCat(fitted, "~");
    }
    absl::StrAppend(&fitted, character.text);
    if (columns < width) cut_at = fitted.size();
  }
  return fitted;
}

std::string PadColumns(absl::string_view text, size_t width) {
  std::string padded = FitColumns(text, width);
  padded.append(width - CountColumns(padded), ' ');
  return padded;
}

std::vector<std::string> WrapColumns(absl::string_view text, size_t width) {
  std::vector<std::string> lines;
  size_t columns = 0;  // Of the last line.
  for (absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::string fitted = FitColumns(word, width);
    const size_t more = CountColumns(fitted);
    if (!lines.empty() && columns + 1 + more <= width) {
      absl::StrAppend(&lines.back(), " ", fitted);
      columns += 1 + more;
    } else {
      lines.push_back(fitted);
      columns = more;
    }
  }
  return lines;
}

}  // namespace ringdist
