#!/usr/bin/env bash
# Starts three nodes that are one cluster on free ports and fresh folders, and plays chat logs against them with
# the clients spread over all three; meanwhile each node in turn is killed with -9, started again at its
# address, and waited for until the cluster is well. Compares, and stops the nodes.
#   deploy/replay-ring.sh LOG-FOLDER [more flags of `madang-loadtest replay`]
# MADANG_KILL_EVERY: seconds from a well cluster to the next kill (5). MADANG_PROFILE: which build (release).
# Ends with what the replay ends with; with 3 when it was over before every node was killed once, or when the
# cluster did not get well again. Then, and after differences, the nodes' logs stay.
set -euo pipefail
log=$1
shift
kill_every=${MADANG_KILL_EVERY:-5}
well_within=120
bin="$CARGO_TARGET_DIR/${MADANG_PROFILE:-release}"
dir=$(mktemp -d -t madang-replay-ring-XXXXXX)
node=("" "" "")
replay=""
kills=0
kills_in_play=0

# All users come from one address.
export MADANG_LIMITS__SIGN_UPS_PER_MINUTE=0 MADANG_LIMITS__LOGINS_PER_MINUTE=0

# Fixed, because a node comes back where it was.
read -r -a ports < <(python3 - <<'PYTHON'
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(6)]
print(*(s.getsockname()[1] for s in sockets))
PYTHON
)
http=("${ports[@]:0:3}")
peer=("${ports[@]:3:3}")
seeds=$(printf ',127.0.0.1:%s' "${peer[@]}")
urls=$(printf ',http://127.0.0.1:%s' "${http[@]}")

start() {
  rm -f "$dir/ready-$(($1 + 1))"
  "$bin/madang" serve --data-dir "$dir/data-$(($1 + 1))" --http-listen "127.0.0.1:${http[$1]}" \
    --peer-listen "127.0.0.1:${peer[$1]}" --seeds "${seeds:1}" --ready-file "$dir/ready-$(($1 + 1))" >>"$dir/node-$(($1 + 1)).log" 2>&1 &
  node[$1]=$!
}

ready() {
  for _ in $(seq $((well_within * 10))); do
    [ -s "$dir/ready-$(($1 + 1))" ] && return
    kill -0 "${node[$1]}" 2>/dev/null || break
    sleep 0.1
  done
  echo "node $(($1 + 1)) is not ready; the end of its log:" >&2
  tail -n 20 "$dir/node-$(($1 + 1)).log" >&2
  return 1
}

# Every node says so: one that does not know of the others yet is well by itself.
well() {
  local each
  for each in "${peer[@]}"; do
    timeout "$well_within" "$bin/madang" status --exit-when-healthy --node "127.0.0.1:$each" >"$dir/status" && continue
    echo "the cluster is not well:" >&2
    cat "$dir/status" >&2
    return 1
  done
}

stop() {
  [ -z "$replay" ] || kill "$replay" 2>/dev/null || true
  for pid in "${node[@]}"; do
    [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
  done
  wait 2>/dev/null || true
  if [ "$1" = 0 ]; then rm -rf "$dir"; else echo "the nodes' logs and data are in $dir" >&2; fi
}
trap 'stop $?' EXIT
trap 'exit 130' INT TERM

for i in 0 1 2; do start $i; done
for i in 0 1 2; do ready $i || exit 3; done
well || exit 3

"$bin/madang-loadtest" replay --nodes "${urls:1}" --tolerate-restarts --log "$log" "$@" \
  2> >(tee "$dir/said" >&2) &
replay=$!
sleep "$kill_every"
while kill -0 "$replay" 2>/dev/null; do
  i=$((kills % 3))
  kills=$((kills + 1))
  # Those while everybody signs up are good to have and are not what this is about.
  if grep -q '^playing' "$dir/said"; then kills_in_play=$((kills_in_play + 1)); fi
  kill -9 "${node[$i]}"
  wait "${node[$i]}" 2>/dev/null || true
  start $i
  ready $i || exit 3
  well || exit 3
  echo "node $((i + 1)) was killed, and the cluster is well again" >&2
  sleep "$kill_every"
done
ended=0
wait "$replay" || ended=$?
replay=""
echo "kills: $kills_in_play while playing, $((kills - kills_in_play)) before"
[ "$ended" = 0 ] || exit "$ended"
[ "$kills_in_play" -ge 3 ] || { echo "too short: not every node was killed; more logs, or a --speed" >&2; exit 3; }
