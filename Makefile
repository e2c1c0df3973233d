.PHONY: dev test tools
# The two commands. Everything else is in the justfile.

dev: ## Installs what is missing, builds, starts the sandbox and prints its URLs.
	@ci/dev

test: ## Installs what is missing and runs every test.
	@ci/test

tools:
	@ci/tools
