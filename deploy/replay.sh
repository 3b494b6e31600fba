#!/usr/bin/env bash
# Starts a node of its own on a free port and a fresh folder, plays chat logs against it, compares, stops it.
#   deploy/replay.sh LOG-FOLDER [more flags of `madang-loadtest replay`]
set -euo pipefail
log=$1
shift
bin="$CARGO_TARGET_DIR/release"
dir=$(mktemp -d)
# All users come from one address.
export MADANG_LIMITS__SIGN_UPS_PER_MINUTE=0 MADANG_LIMITS__LOGINS_PER_MINUTE=0
"$bin/madang" serve --data-dir "$dir/data" --http-listen 127.0.0.1:0 --peer-listen 127.0.0.1:0 --ready-file "$dir/ready" >"$dir/node.log" 2>&1 &
node=$!
trap 'kill "$node" 2>/dev/null || true; wait "$node" 2>/dev/null || true; rm -rf "$dir"' EXIT
for _ in $(seq 600); do
  [ -s "$dir/ready" ] && break
  kill -0 "$node" 2>/dev/null || { cat "$dir/node.log" >&2; exit 1; }
  sleep 0.1
done
url=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["http"])' "$dir/ready")
"$bin/madang-loadtest" replay --url "$url" --log "$log" "$@"
