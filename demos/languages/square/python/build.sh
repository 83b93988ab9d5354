#!/usr/bin/env bash
# The game in Python. Needs componentize-py: `pip install componentize-py`.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-square.wasm}
# From a copy, with the SDK beside it: what Python leaves where its sources are would be another change to be built.
made=$(mktemp -d)
trap 'rm -r "$made"' EXIT
cp square.py ../../../../guest-sdk/python/*.py "$made"
${COMPONENTIZE_PY:-componentize-py} --wit-path ../../../../wit --world game \
  componentize --stub-wasi --python-path "$made" square --output "$out"
