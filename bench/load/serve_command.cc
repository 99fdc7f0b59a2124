#include "ringdist/bench/load/serve_command.h"

#include "absl/strings/str_cat.h"
#include "ringdist/bench/load/file_text.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/servers.h"

namespace ringdist {
namespace {

constexpr char kDescription[] =
    "A ringdist node that is the --target of loads of other\n"
    "processes, until it is interrupted.";

constexpr char kExamples[] =
    "Example, in two terminals:\n"
    "  dist_load serve srv@localhost --cookie=secret\n"
    "  dist_load --workload=echo --target=srv@localhost --cookie=secret";

}  // namespace

CLI::App& AddServeCommand(CLI::App& app, ServeFlags& flags) {
  CLI::App& serve = *app.add_subcommand("serve", kDescription);
  serve.group("Commands");
  serve.add_option("NODE", flags.name, "Its name, as srv@localhost.")
      ->type_name("")
      ->required();
  serve.add_option("--cookie", flags.cookie, "Default: dist_load.")
      ->type_name("COOKIE");
  serve
      .add_option("--dir", flags.directory,
                  "The directory of its socket. Default: the current one.")
      ->type_name("DIR");
  serve.footer(kExamples);
  return serve;
}

absl::Status RunServe(const ServeFlags& flags) {
  LoadSpec spec;
  spec.directory = flags.directory;
  if (!flags.cookie.empty()) spec.cookie = flags.cookie;
  absl::Status written;
  absl::Status served = ServeUntilStopped(spec, flags.name, [&] {
    written = WriteFile("-", absl::StrCat(flags.name, " is up\n"));
  });
  served.Update(written);
  return served;
}

}  // namespace ringdist
