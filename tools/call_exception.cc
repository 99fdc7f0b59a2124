#include "ringdist/tools/call_exception.h"

#include <optional>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {
namespace {

// Of one argument, in text for people.
constexpr size_t kMaxArgumentBytes = 200;

// {Module, Function, Arity or Arguments, Location} of a stack.
struct StackEntry {
  AtomView module;
  AtomView function;
  size_t arity = 0;
  std::optional<std::vector<TermView>> arguments;
  std::string file;
  int64_t line = 0;  // 0: not told.
  // What error_info tells in words, as functions of our nodes do.
  std::string cause;
};

std::vector<TermView> ElementsOf(const TermView& list) {
  std::vector<TermView> all;
  TermElements elements = list.elements();
  for (TermView element; elements.Next(element);) all.push_back(element);
  return all;
}

void ReadLocation(const TermView& location, StackEntry& entry) {
  if (location.type() != TermType::kList) return;
  for (const TermView& property : ElementsOf(location)) {
    Matches(property, std::tuple(Atom("line"), &entry.line));
    Matches(property, std::tuple(Atom("file"), &entry.file));
    Matches(property, std::tuple(Atom("error_info"),
                                 Map(std::pair(Atom("cause"), &entry.cause))));
  }
}

std::optional<StackEntry> ReadEntry(const TermView& term) {
  StackEntry entry;
  TermView arity, location;
  if (!Matches(term,
               std::tuple(&entry.module, &entry.function, &arity, &location))) {
    return std::nullopt;
  }
  if (arity.type() == TermType::kList || arity.type() == TermType::kNil) {
    entry.arguments = ElementsOf(arity);
    entry.arity = entry.arguments->size();
  } else if (!Matches(arity, &entry.arity)) {
    return std::nullopt;
  }
  ReadLocation(location, entry);
  return entry;
}

std::string EntryText(const TermView& term) {
  const std::optional<StackEntry> entry = ReadEntry(term);
  if (!entry.has_value()) return ToText(term, kMaxArgumentBytes);
  std::string text = absl::StrCat(ToText(MakeTerm(entry->module)), ":",
                                  ToText(MakeTerm(entry->function)));
  if (entry->arguments.has_value()) {
    const auto append = [](std::string* to, const TermView& argument) {
      absl::StrAppend(to, ToText(argument, kMaxArgumentBytes));
    };
    absl::StrAppend(&text, "(", absl::StrJoin(*entry->arguments, ",", append),
                    ")");
  } else {
    absl::StrAppend(&text, "/", entry->arity);
  }
  if (!entry->file.empty()) {
    absl::StrAppend(&text, " (", entry->file);
    if (entry->line > 0) absl::StrAppend(&text, ", line ", entry->line);
    text.push_back(')');
  }
  if (!entry->cause.empty()) absl::StrAppend(&text, ": ", entry->cause);
  return text;
}

Json EntryJson(const TermView& term) {
  const std::optional<StackEntry> entry = ReadEntry(term);
  if (!entry.has_value()) return {{"entry", ToText(term)}};
  Json json = {{"module", entry->module.ToString()},
               {"function", entry->function.ToString()},
               {"arity", entry->arity}};
  if (entry->arguments.has_value()) {
    Json arguments = Json::array();
    for (const TermView& argument : *entry->arguments) {
      arguments.push_back(ToText(argument));
    }
    json["arguments"] = arguments;
  }
  if (!entry->file.empty()) json["file"] = entry->file;
  if (entry->line > 0) json["line"] = entry->line;
  if (!entry->cause.empty()) json["cause"] = entry->cause;
  return json;
}

std::vector<TermView> StackOf(const Exception& exception) {
  const TermView stack = exception.stack.view();
  return stack.type() == TermType::kList ? ElementsOf(stack)
                                         : std::vector<TermView>();
}

}  // namespace

std::string ExceptionText(const Exception& exception) {
  std::string text = exception.ToString();
  for (const TermView& entry : StackOf(exception)) {
    absl::StrAppend(&text, "\n  ", EntryText(entry));
  }
  return text;
}

Json ExceptionJson(const Exception& exception) {
  Json stack = Json::array();
  for (const TermView& entry : StackOf(exception)) {
    stack.push_back(EntryJson(entry));
  }
  return {{"class", std::string(NameOf(exception.kind))},
          {"reason", ToText(exception.reason)},
          {"stack", stack}};
}

}  // namespace ringdist
