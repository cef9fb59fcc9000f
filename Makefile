# `make help` lists the targets. Everything runs in the environment that toolchain/env.sh sets up.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help up down recover token preview test check doctor setup

# The stack that a target works on.
STACK ?= local
pulumi = . toolchain/env.sh && pulumi --non-interactive --stack $(STACK)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s  %s\n", $$1, $$2 }' Makefile

up: setup ## set this machine up, then build and run the service on it: http://localhost:8080
	@toolchain/up.sh $(STACK)

down: ## remove everything that `make up` made: containers, network, images, stack
	@toolchain/down.sh $(STACK)

recover: ## after an `up` that was killed: unlock the stack, and find out what it had made
	@. toolchain/env.sh && node toolchain/recover.ts $(STACK) $(YES)

token: ## print a fresh access token of the local identity provider
	@command=$$($(pulumi) stack output tokenCommand) && $$command

preview: ## show what `make up` would change; needs no Docker engine
	@$(pulumi) preview --diff

test: ## types, lint, unit tests, the service's tests, end-to-end tests
	@toolchain/setup.sh tests
	@. toolchain/env.sh && node test/run.ts

check: setup ## types, lint, format
	@. toolchain/env.sh && npm run --silent check

doctor: ## what is there, what is missing, and what mends it
	@toolchain/setup.sh doctor

setup: ## install what is missing: Node.js, packages, Pulumi, plugins, Docker, base image
	@toolchain/setup.sh
