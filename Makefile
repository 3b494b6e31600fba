# The same verbs for people and for CI. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
ENV := deploy/with-env.sh
CARGO := $(ENV) cargo
ARGS ?=
DRILLS ?=
SCENARIOS ?=

.PHONY: help run dev build build-both test test-rust test-browser fault lint fmt deny bench curves stages drill scenarios bench-compare replay replay-ring chat docs

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: build ## build all that is needed and start a node (ARGS="--help" for its flags)
	@$(ENV) bash -c 'exec "$$CARGO_TARGET_DIR/release/madang" serve $(ARGS)'

dev: build ## build all that is needed and start three nodes on this machine
	@$(ENV) bash -c 'exec "$$CARGO_TARGET_DIR/release/madang" dev $(ARGS)'

build: ## the release binary
	@deploy/setup.sh build
	@$(CARGO) build --release --locked -p madang-node

build-both:
	@deploy/setup.sh build
	@$(CARGO) build --release --locked -p madang-node -p madang-loadtest

test: ## the whole suite, browser included
	@deploy/setup.sh test
	@$(MAKE) --no-print-directory test-rust test-browser

test-rust:
	@$(CARGO) test --locked --workspace

test-browser:
	@$(ENV) bash -c 'MADANG_BIN="$$CARGO_TARGET_DIR/debug/madang" npm --prefix tests/browser test --silent'

fault: ## random schedules of faults against three nodes (MADANG_FAULT_SCHEDULES=100, _SECONDS=30, _SHARDS=16)
	@$(CARGO) build --locked --workspace --bins
	@MADANG_FAULT_SCHEDULES=$${MADANG_FAULT_SCHEDULES:-100} MADANG_FAULT_SECONDS=$${MADANG_FAULT_SECONDS:-30} \
	  MADANG_FAULT_SHARDS=$${MADANG_FAULT_SHARDS:-16} \
	  $(CARGO) test --locked --workspace --test fault --test control -- --nocapture --test-threads=1

lint: ## formatting, clippy with warnings as errors
	@deploy/setup.sh build
	@cargo fmt --all --check
	@$(CARGO) clippy --locked --workspace --lib --bins -- -D warnings
	@$(CARGO) clippy --locked --workspace --tests --benches -- -D warnings -A clippy::unwrap_used \
	  -A clippy::expect_used -A clippy::panic -A clippy::indexing_slicing -A clippy::cast_possible_truncation

fmt: ## format everything
	@cargo fmt --all

deny: ## licences, sources and doubled versions of dependencies
	@command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny
	@cargo deny --all-features check licenses bans sources

replay-ring: ## the same against three nodes, each killed and started again meanwhile
	@test -n "$(LOG)" || { echo "which logs? make replay-ring LOG=folder-of-irc-logs" >&2; exit 2; }
	@$(MAKE) --no-print-directory build-both
	@$(ENV) deploy/replay-ring.sh "$(LOG)" $(ARGS)

replay: ## play chat logs against a node of its own and compare: make replay LOG=folder
	@test -n "$(LOG)" || { echo "which logs? make replay LOG=folder-of-irc-logs" >&2; exit 2; }
	@$(MAKE) --no-print-directory build-both
	@$(ENV) deploy/replay.sh "$(LOG)" $(ARGS)

bench: ## measure one node, and three against one; writes docs/benchmarks.md
	@$(MAKE) --no-print-directory build-both
	@$(ENV) deploy/bench.sh $(ARGS)

curves: ## how cost grows with size, as plots (ARGS=--small to see that it works, ARGS=recovery for one); writes docs/
	@deploy/setup.sh build
	@$(ENV) python3 deploy/curves.py $(ARGS)

stages: ## where the CPU time of a send goes, with perf; writes docs/benchmarks.md
	@$(MAKE) --no-print-directory build-both
	@$(ENV) bash -c 'exec python3 deploy/stages.py "$$CARGO_TARGET_DIR/release"'

drill: ## kill, restart, grow and shrink a cluster under load (DRILLS="failover rolling grow"); writes docs/benchmarks.md
	@$(MAKE) --no-print-directory build-both
	@$(ENV) bash -c 'exec python3 deploy/drills.py "$$CARGO_TARGET_DIR/release" $(DRILLS) $(if $(ARGS),-- $(ARGS))'

bench-compare: ## the scenarios at small sizes, compared with the run before (SCENARIOS="hot_room idle" NODES=3 TOLERANCE=20)
	@$(MAKE) --no-print-directory build-both
	@$(ENV) bash -c 'exec python3 deploy/scenarios.py "$$CARGO_TARGET_DIR/release" small $(SCENARIOS)'

scenarios: ## the scenarios at full size (SCENARIOS="hot_room" NODES=3); writes docs/benchmarks.md
	@$(MAKE) --no-print-directory build-both
	@$(ENV) bash -c 'exec python3 deploy/scenarios.py "$$CARGO_TARGET_DIR/release" full $(SCENARIOS)'

docs: ## regenerate docs/madang.toml and the tables of docs/loadtest.md from the code
	@$(CARGO) run --quiet --locked -p madang-node --bin madang -- config print --defaults > docs/madang.toml
	@$(CARGO) run --quiet --locked -p madang-loadtest -- manual docs/loadtest.md
