#!/usr/bin/env bash
# The game in Python. Needs componentize-py: `pip install componentize-py`.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-square.wasm}
${COMPONENTIZE_PY:-componentize-py} --wit-path ../../../../wit --world game \
  componentize --stub-wasi --python-path . --python-path ../../../../guest-sdk/python square --output "$out"
