#!/bin/sh
# A gateway with a conversation in it, to look around: the offline model, two tools, and a window so small that it fills.
# Usage: run.sh FOLDER STATE PORT, where FOLDER holds `argent`; STATE is made, and kept for the next time.
set -eu

argent=$1/argent
state=$2
port=$3
tools=$PWD/examples/tools.py

if [ ! -e "$state/argent.json" ]; then
    mkdir -p -m 700 "$state"
    cat >"$state/argent.json" <<END
{
  "agents": {
    "defaults": {"session": {"maxContextTokens": 3000}},
    "main": {"model": "offline", "tools": ["$tools:tides", "$tools:book"]}
  }
}
END
fi
"$argent" replay examples/harbour.jsonl --state-dir "$state" >/dev/null # once: a second time it finds nothing left to do

echo "The sessions lie in $state. Try \"tides Husum\" in a message, and \"book berth 7\", which asks you first. Ctrl-C ends it."
exec "$argent" gateway --state-dir "$state" --port "$port"
