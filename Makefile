# `make help` lists the targets. Everything runs in the environment that toolchain/env.sh sets up.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help new demo up down token preview refresh board logs promote rollback adopt recover test \
	bench check doctor packages setup

# The stack that a target works on.
STACK ?= local
TO ?= staging
# Sets up what needs no Docker engine. Its messages go to stderr, not into a command's output.
tools = toolchain/setup.sh preview >&2 && . toolchain/common.sh

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s  %s\n", $$1, $$2 }' Makefile

demo: ## deliver to dev, staging and prod on this machine, without an account; roll back, rotate
	@toolchain/setup.sh demo
	@. toolchain/env.sh && exec node sandbox/demo/main.ts

new: ## write a project for a service, with the npm package: NAME=fraud-scores; DIR=FOLDER
	@toolchain/setup.sh packages >&2 && . toolchain/common.sh && \
		node operations/new.ts "$${NAME:-}" "$${DIR:-}"

up: setup ## bring STACK up; `local` builds the service and runs it on http://localhost:8080
	@exec operations/up.sh '$(STACK)'

down: ## remove everything that `make up` created: containers, network, images, stack
	@exec operations/down.sh '$(STACK)'

token: ## print a fresh access token of the local identity provider
	@operations/token.sh '$(STACK)'

preview: ## show what `make up` would change, without a Docker engine; STACK="dev prod": both
	@$(tools) && for stack in $(STACK); do toolchain/stack.sh "$$stack" || exit; done && \
		node operations/review/main.ts preview $(STACK)

refresh: ## read changes made by hand into the state; the next `make up` reverts them
	@$(tools) && mlops_require_stack '$(STACK)' && exec node operations/refresh.ts '$(STACK)'

board: ## show what each stack has deployed; PAGE=board.html also writes a page; ARGS=--help
	@$(tools) && node operations/board/main.ts $(if $(PAGE),--page '$(PAGE)') $(ARGS) $(STACKS)

logs: ## print the logs of STACK's service; ARGS=--follow goes on printing
	@$(tools) && exec node operations/logs.ts '$(STACK)' $(ARGS)

promote: ## propose the next version of TO=staging by a pull request; ARGS=--help for more
	@$(tools) && node operations/promote.ts '$(TO)' $(ARGS)

rollback: ## propose the version that STACK had before by a pull request; ARGS=--help for more
	@$(tools) && node operations/rollback.ts '$(STACK)' $(ARGS)

adopt: ## import what was made by hand: the repository, the robot, the workflow
	@$(tools) && toolchain/stack.sh '$(STACK)' && node operations/adopt.ts '$(STACK)'

recover: ## after a killed `up`: unlock the stack and find out what was created
	@$(tools) && node operations/recover.ts '$(STACK)' $(YES)

test: ## check types, lint, and run the unit, integration and end-to-end tests
	@toolchain/setup.sh tests
	@. toolchain/env.sh && node test/run.ts

bench: ## compare with Terraform and plain Pulumi programs; ARGS=--help for more
	@[[ "$(ARGS)" == *--help* ]] || { toolchain/setup.sh demo && bench/setup.sh; }
	@. toolchain/env.sh && \
		MLOPS_TERRAFORM_PROVIDERS=$$mlops_terraform_providers node bench/main.ts $(ARGS)

check: setup ## check types, lint and format
	@. toolchain/env.sh && npm run --silent check

doctor: ## list what is installed, what is missing and how to fix it
	@toolchain/setup.sh doctor

packages: ## make the packages of a release in dist/; ARGS=--help for more
	@toolchain/setup.sh release >&2
	@. toolchain/env.sh && node toolchain/release/main.ts dist $(ARGS)

setup: ## install what is missing: Node.js, packages, Pulumi, plugins, Docker, base image
	@toolchain/setup.sh
