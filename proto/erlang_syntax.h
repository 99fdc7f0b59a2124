// What Erlang's syntax makes of characters, for printing terms and parsing them
// (OTP, lib/stdlib: erl_scan.erl reads by these rules, io_lib.erl prints).
//
// Internal to the text form of terms; include term_text.h.

#ifndef RINGDIST_PROTO_ERLANG_SYNTAX_H_
#define RINGDIST_PROTO_ERLANG_SYNTAX_H_

#include <string>

#include "absl/strings/string_view.h"

namespace ringdist {
namespace internal_text {

// Takes one character off the front of `text`, which is not empty. False, and
// nothing is taken, if it is not well-formed UTF-8.
bool TakeCharacter(absl::string_view& text, char32_t& character);

// Whether it has an encoding: neither a surrogate nor above U+10FFFF.
bool IsCodePoint(char32_t character);
// Appends the encoding of a code point.
void AppendUtf8(char32_t character, std::string& text);

// What may stand in a string that is printed (io_lib:printable_unicode_list/1):
// no control characters but those with a letter of their own.
bool IsPrintable(char32_t character);

// The control character that `letter` behind a backslash stands for, '\n' for
// 'n'; 0 if there is none. And the other way round.
char32_t ControlOfLetter(char letter);
char LetterOfControl(char32_t control);

// What an atom without quotes begins with, and goes on with.
bool IsAtomStart(char32_t character);
bool IsAtomCharacter(char32_t character);
// Words that are atoms only in quotes.
bool IsReservedWord(absl::string_view word);
// Whether an atom, in UTF-8, is printed in quotes: reserved words of later
// releases are, too, so that all releases can read it.
bool NeedsQuotes(absl::string_view atom);

// What the name of a node consists of where it stands without quotes, as in
// #Pid<srv@localhost.5.0.1>.
bool IsNodeCharacter(char c);

}  // namespace internal_text
}  // namespace ringdist

#endif  // RINGDIST_PROTO_ERLANG_SYNTAX_H_
