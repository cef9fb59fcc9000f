# `make help` lists the targets. Everything runs in the environment that toolchain/env.sh sets up.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo up down token preview refresh board adopt recover test bench check doctor setup

# The stack that a target works on.
STACK ?= local
# What needs no Docker engine. What the set-up says is not part of a command's own output.
tools = toolchain/setup.sh preview >&2 && . toolchain/common.sh
images = --exclude '**docker:index/registryImage:RegistryImage**' \
	--exclude '**docker:index/remoteImage:RemoteImage**'

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s  %s\n", $$1, $$2 }' Makefile

demo: ## the whole chain on this machine, without an account: dev, staging, prod, a roll-back, a rotation
	@toolchain/setup.sh demo
	@. toolchain/env.sh && exec node sandbox/demo/main.ts

up: setup ## bring STACK up; local builds and runs the service on this machine: http://localhost:8080
	@exec operations/up.sh '$(STACK)'

down: ## remove everything that `make up` made: containers, network, images, stack
	@exec operations/down.sh '$(STACK)'

token: ## print a fresh access token of the local identity provider
	@operations/token.sh '$(STACK)'

preview: ## show what `make up` would change; needs no Docker engine
	@$(tools) && toolchain/stack.sh '$(STACK)' && node operations/review/main.ts preview '$(STACK)'

refresh: ## look at what was changed by hand; the next `make up` puts it back
	@$(tools) && mlops_require_stack '$(STACK)' && \
		pulumi --non-interactive --stack '$(STACK)' refresh --yes --skip-preview $(images)

board: ## what each environment is at; STACKS="dev prod" for some, ARGS=--help for more
	@$(tools) && node operations/board/main.ts $(ARGS) $(STACKS)

adopt: ## take over what was made by hand: the repository, the robot, the workflow
	@$(tools) && toolchain/stack.sh '$(STACK)' && node operations/adopt.ts '$(STACK)'

recover: ## after an `up` that was killed: unlock the stack, and find out what it had made
	@$(tools) && node operations/recover.ts '$(STACK)' $(YES)

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
