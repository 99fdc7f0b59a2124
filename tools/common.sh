# shellcheck shell=bash
# What the scripts in tools/ share. Sourced by them, never run: it makes the
# repository's top the current directory, wherever the script was called from.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Bazel wants to know whose cache to use; CI machines may not say.
export HOME="${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}"
export USER="${USER:-$(id -un)}"

say() {
  echo "tools/${0##*/}: $*"
}

die() {
  say "$*" >&2
  exit 1
}

# A script's usage text is the comment at its top.
usage() {
  sed -n '2,/^$/s/^# \{0,1\}//p' "tools/${0##*/}"
}

# usage_error WHAT: exit status 2, as for every command of this project.
usage_error() {
  say "$* (see tools/${0##*/} --help)" >&2
  exit 2
}
