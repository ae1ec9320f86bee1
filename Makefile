# Two commands for a newcomer: `make demo` and `make test`. Both install what is missing and say so.
.PHONY: demo test check lint types imports unit proofs clean

PY := .venv/bin/python

demo: .venv/ready
	.venv/bin/steelyard demo

test: .venv/ready-for-tests check unit

check: lint types imports

lint: .venv/ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: .venv/ready
	.venv/bin/mypy

imports: .venv/ready
	.venv/bin/lint-imports

unit: .venv/ready
	.venv/bin/pytest -n auto --dist loadgroup --no-loadscope-reorder -m "not slow"

proofs: .venv/ready-for-tests
	.venv/bin/pytest -n auto --dist loadgroup --no-loadscope-reorder

.venv/ready: pyproject.toml provisioning/install.sh
	provisioning/install.sh

.venv/ready-for-tests: .venv/ready
	provisioning/install.sh tests
	touch $@

clean:
	rm -rf .venv demo-out
