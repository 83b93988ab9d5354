#!/usr/bin/env bash
# The counter in Python. Needs componentize-py: `pip install componentize-py`.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-counter.wasm}
${COMPONENTIZE_PY:-componentize-py} --wit-path ../../../wit --wit-path ../wit --world demo:languages/counter \
  componentize --stub-wasi --python-path . --python-path ../../../guest-sdk/python counter --output "$out"
