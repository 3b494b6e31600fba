#!/usr/bin/env bash
# Builds librocksdb.a once from the source that the `librocksdb-sys` crate ships, as a few large
# translation units: a quarter of the CPU time of compiling its 343 files one by one. The archive
# lives in a user cache keyed by crate version, compiler and flags. Prints the folder that holds it.
#
# `cargo build` without it works too; it then compiles RocksDB itself, slowly.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
units=12
flags=(-std=c++20 -O2 -fPIC -msse4.2 -mpclmul -w -include cstdint
  -DLZ4=1 -DZSTD=1 -DNDEBUG=1 -DHAVE_ALIGNED_NEW -DHAVE_UINT128_EXTENSION
  -DOS_LINUX -DROCKSDB_PLATFORM_POSIX -DROCKSDB_LIB_IO_POSIX -DROCKSDB_SCHED_GETCPU_PRESENT
  -DROCKSDB_AUXV_GETAUXVAL_PRESENT -DROCKSDB_FALLOCATE_PRESENT -DROCKSDB_RANGESYNC_PRESENT)
case "$(uname -m)" in
  x86_64) ;;
  *) flags=("${flags[@]/-msse4.2/}") flags=("${flags[@]/-mpclmul/}") ;;
esac

cd "$root"
crate_dir() {
  cargo metadata --format-version 1 --locked 2>/dev/null \
    | python3 -c 'import json,os,sys
for p in json.load(sys.stdin)["packages"]:
    if p["name"] == sys.argv[1]: print(os.path.dirname(p["manifest_path"]))' "$1"
}
cargo fetch --locked >&2
rocks=$(crate_dir librocksdb-sys)
lz4=$(crate_dir lz4-sys)
zstd=$(crate_dir zstd-sys)
[ -n "$rocks" ] && [ -n "$lz4" ] && [ -n "$zstd" ] || { echo "librocksdb-sys, lz4-sys or zstd-sys is not in Cargo.lock" >&2; exit 1; }

key=$(printf '%s\n' "$(basename "$rocks")" "$(basename "$lz4")" "$(basename "$zstd")" \
  "$(g++ -dumpfullversion)" "$units" "${flags[*]}" | sha256sum | cut -c1-16)
out="${XDG_CACHE_HOME:-$HOME/.cache}/madang/rocksdb-$key"
if [ -f "$out/librocksdb.a" ]; then echo "$out"; exit 0; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mapfile -t sources < <(tr -d '\r' <"$rocks/rocksdb_lib_sources.txt" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//' \
  | grep -E '\.cc$' | grep -v '^util/build_version.cc$')
for i in "${!sources[@]}"; do
  printf '#include "rocksdb/%s"\n' "${sources[$i]}" >>"$work/unit$((i * units / ${#sources[@]})).cc"
done
printf '#include "build_version.cc"\n' >"$work/version.cc"

echo "building librocksdb.a (once, about five minutes on two cores) ..." >&2
compile() {
  g++ "${flags[@]}" -I"$rocks" -I"$rocks/rocksdb" -I"$rocks/rocksdb/include" \
    -I"$lz4/liblz4/lib" -I"$zstd/zstd/lib" -c "$1" -o "${1%.cc}.o"
}
pids=() running=0
for unit in "$work"/*.cc; do
  if [ "$running" -ge "$(nproc)" ]; then wait -n; running=$((running - 1)); fi
  compile "$unit" & pids+=($!) running=$((running + 1))
done
wait
for unit in "$work"/*.cc; do [ -f "${unit%.cc}.o" ] || { echo "$(basename "$unit") did not compile" >&2; exit 1; }; done
mkdir -p "$out"
ar crs "$work/librocksdb.a" "$work"/*.o
mv "$work/librocksdb.a" "$out/librocksdb.a"
echo "$out"
