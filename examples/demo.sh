#!/bin/sh
# The main job on a recorded conversation: Maren has three days to launch her grandfather's boat.
# Usage: demo.sh FOLDER, where FOLDER holds `argent` and `python`.
set -eu

bin=$1
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT INT TERM
session=$state/agents/main/sessions/user-maren

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say 'The lifecycle. This text is the program:'
"$bin/argent" diagram

say 'Three days of a conversation, lived in moments, with a window of 3,000 tokens:'
echo '{"agents": {"defaults": {"session": {"maxContextTokens": 3000}}}}' >"$state/argent.json"
"$bin/argent" replay examples/harbour.jsonl --trace --state-dir "$state"

say 'What the model sees now: a summary, and the latest messages word for word:'
"$bin/argent" sessions history user-maren --state-dir "$state" | cut -c 1-150 | tail -n 24

say 'The files, each of them JSON at every moment:'
(cd "$state" && find agents -type f | sort | xargs ls -l | awk '{ print $5 " bytes\t" $NF }')

say 'metadata.json:'
"$bin/python" -m json.tool "$session/metadata.json" | head -n 20

say 'The list:'
"$bin/argent" sessions list --state-dir "$state"
