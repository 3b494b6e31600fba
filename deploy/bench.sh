#!/usr/bin/env bash
# Measures, and writes its sections of docs/benchmarks.md. MADANG_BENCH_SECONDS sets the length of each measurement.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
seconds=${MADANG_BENCH_SECONDS:-5}
export MADANG_BENCH_SECONDS=$seconds MADANG_BENCH_DIR=$out
cargo bench --quiet --locked -p madang-storage --bench log_append >"$out/log_append.txt"
cargo bench --quiet --locked -p madang-storage --bench room_page >"$out/room_page.txt"
cargo bench --quiet --locked -p madang-node --bench fan_out >"$out/fan_out.txt"
cargo bench --quiet --locked -p madang-actors --bench presence -- 20 >"$out/presence.txt"
python3 deploy/bench.py "$CARGO_TARGET_DIR/release" "$out" "$seconds"
python3 deploy/drills.py "$CARGO_TARGET_DIR/release" cost lists members idle storm slow recovery
