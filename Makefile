# The one entry for people and for CI; `make` alone explains the targets.

CARGO  ?= cargo
PREFIX ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help build run test check bench docs install clean

help: ## this list
	@echo "cuerda: make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

build: ## the optimized program, target/release/cuerda
	$(CARGO) build --locked --release

run: build ## a demo: two peers on this machine copy a file, and the copy is compared
	examples/two_peers.sh target/release/cuerda

test: ## all tests (stock clients that are not installed are skipped)
	$(CARGO) test --locked

check: ## exactly what CI runs: format, lints, documentation, all tests
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items
	$(CARGO) test --locked

bench: ## the benchmarks
	$(CARGO) bench --locked

docs: ## the documentation of the code, target/doc/cuerda/index.html
	$(CARGO) doc --locked --no-deps --document-private-items

install: ## puts the program that `make build` made into PREFIX/bin (PREFIX=/usr/local)
	@test -x target/release/cuerda || { echo 'run make build first'; exit 1; }
	install -D -m 755 target/release/cuerda $(DESTDIR)$(PREFIX)/bin/cuerda

clean: ## removes what was built
	$(CARGO) clean
