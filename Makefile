# sentryctl. `make help` lists what there is.

.DEFAULT_GOAL := help
SHELL := /bin/bash

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

# The demo's own names, port and directory: it meets no real site.
DEMO      := build/demo
DEMO_NAME := sentryctl-lab-demo
DEMO_BIND := 127.0.0.1:19080
# Two hard stops lie in between.
DEMO_FROM := 23.6.2
DEMO_OVER := 23.11.0 24.8.0
DEMO_TO   := 25.5.1

COMPOSE_PLUGIN := github.com/docker/compose/v5/cmd@v5.0.2
S3_SERVER      := github.com/versity/versitygw/cmd/versitygw@v1.8.0

# What fetches modules is tried again: a proxy has bad moments.
again = $(1) || $(1) || $(1)

.PHONY: build lab demo test test-fast test-repository test-engine test-e2e test-e2e-all lint bench bench-install bench-backup bench-upgrade bench-plan clean help

build: ## build the static binary bin/sentryctl
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/sentryctl ./cmd/sentryctl

lab: ## set up the lab: a Docker Engine, stand-in images, releases (minutes once, then seconds)
	@go run ./lab/cmd/lab up

# What Sentry needs of CPUs and memory, the lab's stand-ins do not.
demo: build lab ## install a Sentry-shaped stack on a real Engine, and upgrade it over two hard stops while events come in
	@go run ./lab/cmd/lab clean --prefix $(DEMO_NAME)
	@rm -rf $(DEMO)
	@for v in $(DEMO_FROM) $(DEMO_OVER) $(DEMO_TO); do \
		go run ./lab/cmd/lab release --prefix $(DEMO_NAME) --bind $(DEMO_BIND) $$v $(DEMO)/releases/$$v || exit; done
	bin/sentryctl install --site $(DEMO)/site --source $(DEMO)/releases/$(DEMO_FROM) --version $(DEMO_FROM) \
		--url http://$(DEMO_BIND) --admin-email admin@example.com --ignore cpu-count,ram --yes
	@go run ./lab/cmd/lab event --site $(DEMO)/site
	bin/sentryctl upgrade --plan --site $(DEMO)/site --to $(DEMO_TO)
	@go run ./lab/cmd/lab stream --site $(DEMO)/site \
		bin/sentryctl upgrade --site $(DEMO)/site --to $(DEMO_TO) --releases $(DEMO)/releases --yes
	bin/sentryctl history --site $(DEMO)/site
	@echo; echo 'The demo runs on. Look at http://$(DEMO_BIND), and take it down with: make clean'

test: lint lab build test-fast test-repository test-engine test-e2e ## all but the long scenarios; what it needs, it sets up

test-fast: ## unit, golden and command tests: no Engine, seconds
	go test -short ./...

test-repository: ## backups in every kind of place, with real servers and the public tools
	@command -v rclone >/dev/null || { apt-get -qq update && apt-get -qqy install rclone; } || echo 'NOT TESTED: rclone cannot be installed here'
	@$(call again,CGO_ENABLED=0 GOBIN=$(CURDIR)/build/tools go install $(S3_SERVER))
	@$(call again,go build -o build/tools/ github.com/kopia/kopia)
	PATH="$(CURDIR)/build/tools:$$PATH" go test -count=1 -timeout 10m -parallel 10 ./internal/backup/repository

test-engine: ## tests of single packages on a real Engine
	go test -count=1 ./internal/stack ./lab/images ./lab/setup

test-e2e: ## whole installs on a real Engine with the lab
	go test -count=1 -timeout 30m ./lab/e2e/...

test-e2e-all: lab build ## the same with the scenarios that would make `make test` longer than 20 minutes
	SENTRYCTL_LAB_ALL=1 go test -count=1 -timeout 90m ./lab/e2e/...

lint: ## formatting, vet, go.mod
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run: gofmt -w on these'; exit 1; }
	go vet ./...

bench: bench-install bench-plan ## every benchmark
	go test -timeout 30m -run '^$$' -bench . -benchmem ./...

bench-install: build lab ## install with public tools and with sentryctl in turn; print medians and ratio
	GOBIN=$(CURDIR)/build/bench go install $(COMPOSE_PLUGIN)
	go run ./lab/cmd/bench-install

bench-backup: build lab ## back up a site of its own and compare with the documented way, as root: [MB=1000] [BENCH=--trace]
	GOBIN=$(CURDIR)/build/bench go install $(COMPOSE_PLUGIN)
	go run ./lab/cmd/bench-backup --mb $(or $(MB),1000) $(BENCH)

bench-upgrade: build lab ## take one hop the ordinary way and with sentryctl; print gaps, lost events and ratio
	GOBIN=$(CURDIR)/build/bench go install $(COMPOSE_PLUGIN)
	go run ./lab/cmd/bench-upgrade

bench-plan: build lab ## plan the upgrade of a site that runs, in turn with a command that only starts; print times and ratio
	go run ./lab/cmd/bench-plan

clean: ## remove what was built, and the lab's sites from the Engine
	-@go run ./lab/cmd/lab clean --prefix sentryctl-lab
	rm -rf bin build

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16
