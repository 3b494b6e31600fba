#!/usr/bin/env bash
# Installs what a fresh Debian 12 machine lacks. Says what it does; does nothing twice.
#
#   deploy/setup.sh build    what compiling needs (libclang for RocksDB's bindings, a C++ compiler)
#   deploy/setup.sh test     also what the tests need (Chromium, fonts, node packages)
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    echo "please install as root: $*" >&2
    exit 1
  fi
}

updated=
install() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || { echo "not a Debian system: please install the like of ${missing[*]}" >&2; exit 1; }
  echo "installing ${missing[*]}" >&2
  if [ -z "$updated" ]; then as_root apt-get update -qq; updated=1; fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

build() {
  command -v cargo >/dev/null || { echo "Rust is missing: install it with rustup (https://rustup.rs)" >&2; exit 1; }
  install g++ libclang1-14 libclang-common-14-dev
}

case "${1:-build}" in
  build) build ;;
  test)
    build
    install chromium fonts-noto-cjk fonts-noto-color-emoji e2fsprogs strace
    if [ ! -d tests/browser/node_modules ] || [ tests/browser/package-lock.json -nt tests/browser/node_modules ]; then
      (cd tests/browser && npm ci --no-audit --no-fund --silent && touch node_modules)
    fi
    ;;
  *) sed -n '2,6p' "$0" >&2; exit 2 ;;
esac
