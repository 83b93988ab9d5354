#!/usr/bin/env bash
# The counter in JavaScript. Needs componentize-qjs: `npm install componentize-qjs`.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-counter.wasm}
# The world with the contract beside it, and the SDK beside the source.
made=$(mktemp -d)
trap 'rm -r "$made"' EXIT
mkdir -p "$made/wit/deps/vblank-guest"
cp ../wit/*.wit "$made/wit"
cp ../../../wit/*.wit "$made/wit/deps/vblank-guest"
cp counter.js ../../../guest-sdk/js/*.js "$made"
${COMPONENTIZE_QJS:-npx componentize-qjs} --wit "$made/wit" --world counter --js "$made/counter.js" \
  --module-root "$made" --sync --stub-wasi --output "$out"
