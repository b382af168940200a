# The one entry for people and for CI; `make` alone explains the targets.

CARGO  ?= cargo
PREFIX ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help build run test check fuzz bench ring-figures docs man install clean

help: ## this list
	@echo "cuerda: make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

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

# `make fuzz` needs `cargo install cargo-fuzz` and a C++ compiler. What it finds is kept below
# target/fuzz-found; the same checks run on every `make test`, over tests/hostile/corpus.
TARGET  ?= connection
SECONDS ?= 600
FUZZ    := RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz

fuzz: ## ten minutes of chance against one input (TARGET=connection SECONDS=600)
	@ls tests/fuzz/fuzz_targets | sed 's/[.]rs$$//' | xargs echo targets:
	mkdir -p target/fuzz-corpus/$(TARGET) target/fuzz-found/$(TARGET)
	$(FUZZ) $(TARGET) target/fuzz-corpus/$(TARGET) tests/hostile/corpus/$(TARGET) -- \
		-max_total_time=$(SECONDS) -rss_limit_mb=2048 -timeout=20 \
		-artifact_prefix=target/fuzz-found/$(TARGET)/

bench: ## the benchmarks
	$(CARGO) bench --locked

ring-figures: ## docs/ring-figures.md: the workloads of the Chord papers (RING_FIGURES=quick: minutes)
	$(CARGO) run --release --locked --example ring_figures

docs: ## the documentation of the code, target/doc/cuerda/index.html
	$(CARGO) doc --locked --no-deps --document-private-items

man: build ## the manual's pages, target/man
	mkdir -p target/man
	target/release/cuerda man target/man

install: ## puts what `make build` made into PREFIX: program, manual, completions (PREFIX=/usr/local)
	@test -x target/release/cuerda || { echo 'run make build first'; exit 1; }
	install -D -m 755 target/release/cuerda $(DESTDIR)$(PREFIX)/bin/cuerda
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	target/release/cuerda man $(DESTDIR)$(PREFIX)/share/man/man1
	target/release/cuerda completions bash \
		> $(DESTDIR)$(PREFIX)/share/bash-completion/completions/cuerda
	target/release/cuerda completions zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_cuerda
	target/release/cuerda completions fish \
		> $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/cuerda.fish

clean: ## removes what was built
	$(CARGO) clean
