#!/usr/bin/env bash
# Runs a command in the build environment: one target folder outside the checkout, and RocksDB from the
# archive that deploy/rocksdb-archive.sh builds once. What the caller has set already stays.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/madang/target}"
if [ -z "${ROCKSDB_LIB_DIR:-}" ]; then
  ROCKSDB_LIB_DIR=$("$here/rocksdb-archive.sh")
  export ROCKSDB_LIB_DIR ROCKSDB_STATIC=1
fi
exec "$@"
