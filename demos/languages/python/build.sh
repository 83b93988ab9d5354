#!/usr/bin/env bash
# The counter in Python. Needs componentize-py: `pip install componentize-py`.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-counter.wasm}
# From a copy, with the SDK beside it: what Python leaves where its sources are would be another change to be built.
made=$(mktemp -d)
trap 'rm -r "$made"' EXIT
cp counter.py ../../../guest-sdk/python/*.py "$made"
${COMPONENTIZE_PY:-componentize-py} --wit-path ../../../wit --wit-path ../wit --world demo:languages/counter \
  componentize --stub-wasi --python-path "$made" counter --output "$out"
