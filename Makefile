# Quartet: make help lists the verbs.

HTTP     ?= 127.0.0.1:6767
MONOLITH ?= 127.0.0.1:6768
DELAY    ?= 5s
FUZZTIME ?= 10s
SOAK     ?= 10m
BENCH     = .cache/bench/bin

.DEFAULT_GOAL := help
.PHONY: help build demo test lint fuzz soak bench bench-full bench-profile bench-go bench-build clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## compile the demos into bin/: app, service, front, monolith, fanout, move
	@mkdir -p bin
	go build -o bin/ ./demos/...

# exec, because a shell in between would die of Ctrl-C and make would call that an error.
demo: build ## run front, app, service and monolith until Ctrl-C (HTTP=127.0.0.1:6767 MONOLITH=127.0.0.1:6768 DELAY=5s)
	@exec env HTTP='$(HTTP)' MONOLITH='$(MONOLITH)' DELAY='$(DELAY)' scripts/demo

test: ## run every test: with -race, then those that judge time or allocations without it
	@scripts/test

lint: ## gofmt, vet (also for darwin), staticcheck, tidy modules, shell syntax
	@scripts/lint

fuzz: ## run every fuzz target for a while (FUZZTIME=10s each)
	@scripts/fuzz '$(FUZZTIME)'

soak: ## calls for SOAK=10m while instances come and go, watching what must not grow; files go to .cache/soak
	@mkdir -p .cache/soak
	@go build -o .cache/soak/soak ./internal/soak
	@exec .cache/soak/soak -for '$(SOAK)' -dir .cache/soak

bench: bench-build ## Quartet beside its peers, in two minutes; the table also goes to .cache/bench
	@$(BENCH)/bench -out .cache/bench

bench-full: bench-build ## the whole of it, in half an hour, into docs/bench
	@$(BENCH)/bench -full -out docs/bench

bench-profile: bench-build ## what a call costs each side: system calls, processor, allocations; pictures of the time go to docs/bench
	@scripts/bench-needs profile
	@scripts/bench-profile $(BENCH)/bench docs/bench

bench-go: ## run the Go benchmarks
	go test -run '^$$' -bench . -benchmem ./...

bench-build:
	@scripts/bench-needs
	@mkdir -p $(BENCH)
	@go -C bench build -tags libzmq -o $(CURDIR)/$(BENCH)/ ./...
	@$(CC) -O2 -o $(BENCH)/oneway bench/oneway/oneway.c $$(pkg-config --cflags --libs libzmq)

clean: ## remove what build, test and demo left behind
	rm -rf bin .cache
	rm -f run/*
