#!/bin/bash
# Compiles Erlang modules, and prints a C++ source with a function for each that
# gives its code: ringdist_load.erl becomes RingdistLoadBeam().
#
#   embed_beams.sh HEADER MODULE.erl...
set -euo pipefail

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# "ringdist_load" becomes "RingdistLoad".
camel_case() {
  sed -E 's/(^|_)([a-z])/\U\2/g' <<<"$1"
}

header="$1"
shift
command -v erlc >/dev/null || {
  echo "no program named erlc: install the Debian package erlang-base" \
    "(tools/setup does)" >&2
  exit 1
}
HOME="$work" erlc -Werror +deterministic -o "$work" "$@"

echo "#include \"$header\""
echo "namespace ringdist {"
for source in "$@"; do
  module=$(basename "$source" .erl)
  name=$(camel_case "$module")
  echo "static constexpr unsigned char k$name[] = {"
  od -An -v -tx1 "$work/$module.beam" | sed 's/ \(..\)/0x\1,/g'
  echo "};"
  echo "absl::string_view ${name}Beam() {"
  echo "  return {reinterpret_cast<const char*>(k$name), sizeof(k$name)};"
  echo "}"
done
echo "}  // namespace ringdist"
