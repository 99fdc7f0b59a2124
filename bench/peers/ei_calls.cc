#include "ringdist/bench/peers/ei_calls.h"

#include <cstddef>
#include <cstring>

namespace ringdist {
namespace {

// Bytes of a request, from `begin` on.
absl::string_view Part(const char* bytes, int begin, int end) {
  return {bytes + begin, static_cast<size_t>(end - begin)};
}

bool ReadAtom(const char* bytes, int& at, char* text) {
  return ei_decode_atom_as(bytes, &at, text, MAXATOMLEN_UTF8, ERLANG_UTF8,
                           nullptr, nullptr) == 0;
}

// Who asks, and with it what stands in front of the answer: {Pid, Question} is
// answered with {rex, Answer}, {'$gen_call', {Pid, Tag}, Question} with {Tag,
// Answer}. `tag` is empty in the first form.
bool ReadCaller(const char* bytes, int& at, erlang_pid& to,
                absl::string_view& tag) {
  int version = 0;
  int arity = 0;
  char text[MAXATOMLEN_UTF8];
  if (ei_decode_version(bytes, &at, &version) != 0 ||
      ei_decode_tuple_header(bytes, &at, &arity) != 0) {
    return false;
  }
  if (arity == 2) return ei_decode_pid(bytes, &at, &to) == 0;
  if (arity != 3 || !ReadAtom(bytes, at, text) ||
      std::strcmp(text, "$gen_call") != 0 ||
      ei_decode_tuple_header(bytes, &at, &arity) != 0 || arity != 2 ||
      ei_decode_pid(bytes, &at, &to) != 0) {
    return false;
  }
  const int begin = at;
  if (ei_skip_term(bytes, &at) != 0) return false;
  tag = Part(bytes, begin, at);
  return true;
}

// The only argument of a call of ringdist_load:echo/1, encoded:
// {call | block_call, ringdist_load, echo, [Argument], GroupLeader}.
bool ReadArgument(const char* bytes, int& at, absl::string_view& argument) {
  char call[MAXATOMLEN_UTF8];
  char module[MAXATOMLEN_UTF8];
  char function[MAXATOMLEN_UTF8];
  int arity = 0;
  int arguments = 0;
  if (ei_decode_tuple_header(bytes, &at, &arity) != 0 || arity != 5 ||
      !ReadAtom(bytes, at, call) || !ReadAtom(bytes, at, module) ||
      !ReadAtom(bytes, at, function) ||
      ei_decode_list_header(bytes, &at, &arguments) != 0) {
    return false;
  }
  const int begin = at;
  if (arguments != 1 || std::strcmp(module, "ringdist_load") != 0 ||
      std::strcmp(function, "echo") != 0 || ei_skip_term(bytes, &at) != 0) {
    return false;
  }
  argument = Part(bytes, begin, at);
  return true;
}

void AppendTerm(EiBuffer& buffer, absl::string_view term) {
  ei_x_append_buf(buffer.get(), term.data(), static_cast<int>(term.size()));
}

// What rpc:call makes of a function that there is not.
void AppendUndef(EiBuffer& buffer) {
  ei_x_format_wo_ver(buffer.get(), "{badrpc, {'EXIT', {undef, []}}}");
}

}  // namespace

bool AnswerCall(absl::string_view name, absl::string_view request,
                EiBuffer& answer, erlang_pid& to) {
  const char* const bytes = request.data();
  int at = 0;
  absl::string_view tag;
  const bool is_rex = name == "rex";
  const bool is_ping = name == "net_kernel";
  if ((!is_rex && !is_ping) || !ReadCaller(bytes, at, to, tag)) return false;
  answer.get()->index = 0;
  ei_x_encode_version(answer.get());
  ei_x_encode_tuple_header(answer.get(), 2);
  if (tag.empty()) {
    ei_x_encode_atom(answer.get(), "rex");
  } else {
    AppendTerm(answer, tag);
  }
  absl::string_view argument;
  if (is_ping) {
    ei_x_encode_atom(answer.get(), "yes");
  } else if (ReadArgument(bytes, at, argument)) {
    AppendTerm(answer, argument);
  } else {
    AppendUndef(answer);
  }
  return true;
}

}  // namespace ringdist
