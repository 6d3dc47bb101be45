# Every command of the project. The work is done by scripts/, each of which can be called by itself.
.DEFAULT_GOAL := help
.PHONY: help prerequisites build test lint demo platform package bench bench-quick docs schemas vectors mutants infra-lint infra-test clean

help: ## lists the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

prerequisites: ## names every missing program, and how to get it
	@scripts/prerequisites

build: prerequisites ## builds everything, as tests and demo use it
	cargo build --workspace --all-targets --locked

test: ## everything that CI checks, with times
	@scripts/test

lint: ## the part of it that starts no platform
	@scripts/test lint

demo: prerequisites ## the whole story on this machine; KEEP=1 leaves the platform up, ACTS=look plays one act
	@KEEP=$(KEEP) ACTS=$(ACTS) scripts/demo

platform: prerequisites ## brings the local platform up until Ctrl-C
	@scripts/platform up

package: ## builds the functions for Lambda (arm64): target/lambda/<name>.zip
	@scripts/package

bench: prerequisites ## measures Day2 side by side with what users run today, and writes docs/performance.md; two hours
	@scripts/bench --write-docs

bench-quick: prerequisites ## the same in a few rounds and smaller, without the page; six minutes after the build
	@scripts/bench --quick

docs: schemas ## writes what is generated: docs/schemas, and the table of functions in the README
	DAY2_WRITE_README=1 cargo test --workspace --locked --test all -- --exact house::readme::the_table_of_functions_is_what_the_functions_say

schemas: prerequisites ## writes docs/schemas: what the types of settings, calls, plans and reports say
	DAY2_WRITE_SCHEMAS=1 cargo test --workspace --locked --test all -- --exact schemas::the_schemas_are_what_the_types_say

vectors: ## computes the calendar's test vectors again, with Python
	python3 tests/vectors/calendar.py

mutants: prerequisites ## takes guards, plans and the runner of actions apart, to see that tests notice; takes hours
	@scripts/mutants

infra-lint: ## linters over the policies, the Terraform code and the Kubernetes manifests
	@scripts/lint-infra

infra-test: ## format, validation and tests of the Terraform code
	@scripts/infra-test

clean: ## removes what was built in this checkout; caches outside it stay
	rm -rf target .day2
