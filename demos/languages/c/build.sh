#!/usr/bin/env bash
# The counter in C. Needs zig, of which only its C compiler: `pip install ziglang`.
set -euo pipefail
cd "$(dirname "$0")"
sdk=../../../guest-sdk/c
out=${1:-counter.wasm}
${ZIG:-python3 -m ziglang} cc -target wasm32-wasi -mexec-model=reactor -std=c11 -Wall -Wextra -Os -s -I "$sdk" \
  counter.c "$sdk/vblank_state.c" generated/counter.c generated/counter_component_type.o -o "$out"
