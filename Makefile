# `make help` lists the targets. Everything runs in the environment that toolchain/env.sh sets up.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo up down token preview refresh board adopt recover test bench check doctor setup

# The stack that a target works on, and those that the board shows.
STACK ?= local
STACKS ?= local dev staging prod
pulumi = . toolchain/env.sh && pulumi --non-interactive --stack $(STACK)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s  %s\n", $$1, $$2 }' Makefile

demo: setup ## the whole chain on this machine, without an account: dev, staging, prod, a roll-back, a rotation
	@toolchain/setup.sh tests >/dev/null
	@. toolchain/env.sh && node demo/main.ts

up: setup ## bring STACK up; local builds and runs the service on this machine: http://localhost:8080
	@toolchain/up.sh $(STACK)

down: ## remove everything that `make up` made: containers, network, images, stack
	@toolchain/down.sh $(STACK)

token: ## print a fresh access token of the local identity provider
	@command=$$($(pulumi) stack output tokenCommand) && $$command

preview: setup ## show what `make up` would change; needs no Docker engine
	@toolchain/stack.sh $(STACK)
	@. toolchain/env.sh && node review/main.ts preview $(STACK)

refresh: ## look at what was changed by hand; the next `make up` puts it back
	@$(pulumi) refresh --yes --skip-preview --exclude '**docker:index/registryImage:RegistryImage**' --exclude '**docker:index/remoteImage:RemoteImage**'

board: ## what each environment is at; STACKS="dev prod" for some, ARGS=--help for more
	@. toolchain/env.sh && node board/main.ts $(ARGS) $(STACKS)

adopt: setup ## take over what was made by hand: the repository, the robot, the workflow
	@toolchain/stack.sh $(STACK)
	@. toolchain/env.sh && node adopt/main.ts $(STACK)

recover: ## after an `up` that was killed: unlock the stack, and find out what it had made
	@. toolchain/env.sh && node toolchain/recover.ts $(STACK) $(YES)

test: ## types, lint, unit tests, the service's tests, end-to-end tests
	@toolchain/setup.sh tests
	@. toolchain/env.sh && node test/run.ts

bench: ## measure this project next to Terraform and plain Pulumi programs; ARGS=--help for more
	@[[ "$(ARGS)" == *--help* ]] || toolchain/setup.sh bench
	@. toolchain/env.sh && MLOPS_TERRAFORM_PROVIDERS=$$mlops_terraform_providers node bench/main.ts $(ARGS)

check: setup ## types, lint, format
	@. toolchain/env.sh && npm run --silent check

doctor: ## what is there, what is missing, and what mends it
	@toolchain/setup.sh doctor

setup: ## install what is missing: Node.js, packages, Pulumi, plugins, Docker, base image
	@toolchain/setup.sh
