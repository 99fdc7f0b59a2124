// An exception of a called function, for people and for programs.
//
//   PrintError(ExceptionText(*result.exception()));
//
//   error:badarith in erlang:+/2
//     erlang:'+'(1,a)
//     counter:add/2 (src/counter.erl, line 12)
//     cpp:add(1,x): argument 2: expected an integer of 64 bits, found x

#ifndef RINGDIST_TOOLS_CALL_EXCEPTION_H_
#define RINGDIST_TOOLS_CALL_EXCEPTION_H_

#include <string>

#include "ringdist/runtime/call_result.h"
#include "ringdist/tools/ringdist_output.h"

namespace ringdist {

// The class and the reason, and a line for each entry of the stack, without
// '\n' at the end. Arguments in the stack are cut if they are long.
std::string ExceptionText(const Exception& exception);

// {"class":"error","reason":"badarith","stack":[
//   {"module":"erlang","function":"+","arity":2,"arguments":["1","a"]},
//   {"module":"counter","function":"add","arity":2,
//    "file":"src/counter.erl","line":12},
//   {"module":"cpp", ..., "cause":"argument 2: expected an integer..."}]}
// Terms are texts in Erlang's syntax. An entry that is of another form, as code
// that raises by itself can have it, is {"entry": text}.
Json ExceptionJson(const Exception& exception);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_CALL_EXCEPTION_H_
