# Quartet: make help lists the verbs.

HTTP     ?= 127.0.0.1:6767
MONOLITH ?= 127.0.0.1:6768
DELAY    ?= 5s
FUZZTIME ?= 10s

.DEFAULT_GOAL := help
.PHONY: help build demo test lint fuzz bench clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## compile bin/app, bin/service and bin/monolith
	@mkdir -p bin
	go build -o bin/ ./demos/...

# exec, because a shell in between would die of Ctrl-C and make would call that an error.
demo: build ## run the trio until Ctrl-C (HTTP=127.0.0.1:6767 MONOLITH=127.0.0.1:6768 DELAY=5s)
	@exec env HTTP='$(HTTP)' MONOLITH='$(MONOLITH)' DELAY='$(DELAY)' scripts/demo

test: ## run every test: with -race, then those that judge time or allocations without it
	@scripts/test

lint: ## gofmt, vet (also for darwin), staticcheck, tidy modules, shell syntax
	@scripts/lint

fuzz: ## run every fuzz target for a while (FUZZTIME=10s each)
	@scripts/fuzz '$(FUZZTIME)'

bench: ## run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

clean: ## remove what build, test and demo left behind
	rm -rf bin .cache
	rm -f run/*
