#!/usr/bin/env bash
# The game in JavaScript. Needs componentize-qjs: `npm install componentize-qjs`.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-square.wasm}
# The SDK beside the source.
made=$(mktemp -d)
trap 'rm -r "$made"' EXIT
cp square.js ../../../../guest-sdk/js/*.js "$made"
${COMPONENTIZE_QJS:-npx componentize-qjs} --wit ../../../../wit --world game --js "$made/square.js" \
  --module-root "$made" --sync --stub-wasi --output "$out"
