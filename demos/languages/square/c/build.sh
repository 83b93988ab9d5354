#!/usr/bin/env bash
# The game in C. Needs zig, of which only its C compiler: `pip install ziglang`.
set -euo pipefail
cd "$(dirname "$0")"
sdk=../../../../guest-sdk/c
out=${1:-square.wasm}
${ZIG:-python3 -m ziglang} cc -target wasm32-wasi -mexec-model=reactor -std=c11 -Wall -Wextra -Os -s -I "$sdk" \
  square.c "$sdk/vblank_state.c" generated/game.c generated/game_component_type.o -o "$out"
