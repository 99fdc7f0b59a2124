#!/bin/bash
# Runs a benchmark as briefly as it can; fails if it fails or measures nothing.
set -euo pipefail
output="$("$1" --benchmark_min_time=0.001 --benchmark_format=csv)"
echo "$output"
[[ $(wc -l <<<"$output") -gt 1 ]]  # More than the line of headings.
