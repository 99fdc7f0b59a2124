// `ringdist dump`: what `ringdist serve --capture` captured, as text.
//
//   DumpFlags flags;
//   CLI::App& dump = AddDumpCommand(app, flags);
//   app.parse(argc, argv);
//   if (dump.parsed()) return RunDump(flags);

#ifndef RINGDIST_TOOLS_RINGDIST_DUMP_H_
#define RINGDIST_TOOLS_RINGDIST_DUMP_H_

#include <CLI/CLI.hpp>
#include <string>

#include "ringdist/tools/ringdist_output.h"

namespace ringdist {

struct DumpFlags {
  std::string file;
  int max_bytes = 200;  // Of a term.
  Output::Format format = Output::Format::kText;
};

// `flags` outlives `app`.
CLI::App& AddDumpCommand(CLI::App& app, DumpFlags& flags);

// Prints the capture; an ExitStatus: success if all of it was decoded.
int RunDump(const DumpFlags& flags);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_RINGDIST_DUMP_H_
