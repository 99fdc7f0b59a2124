// HelpFormatter: help that shows flags as they are written: --name=NODE.
//
//   app.formatter(std::make_shared<HelpFormatter>());

#ifndef RINGDIST_TOOLS_HELP_FORMATTER_H_
#define RINGDIST_TOOLS_HELP_FORMATTER_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ringdist {

class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(28);
    label("Positionals", "Arguments");
    label("SUBCOMMAND", "COMMAND");
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() ? "" : absl::StrCat("=", type);
  }

  std::string make_option_usage(const CLI::Option* option) const override {
    const std::string name = make_option_name(option, /*is_positional=*/true);
    if (!option->get_default_str().empty()) return absl::StrCat("[", name, "]");
    return option->get_expected_max() > 1 ? absl::StrCat(name, "...") : name;
  }

  // The first line of the description will do in the list of commands.
  std::string make_subcommand(const CLI::App* command) const override {
    const std::string description = command->get_description();
    return absl::StrFormat("  %-8s%s\n", command->get_name(),
                           description.substr(0, description.find('\n')));
  }
};

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_HELP_FORMATTER_H_
