# Few words: `make help` tells them. deploy/setup.sh makes .venv; nothing else needs installing.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench lock sbom

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## a simulated city warehouse, with its address and users; Ctrl-C ends it
	@deploy/setup.sh run
	@exec .venv/bin/guiwei demo

test: ## all tests, on real servers
	@deploy/setup.sh test
	@exec .venv/bin/python -m pytest -q --numprocesses=2 --dist=worksteal

check: ## style, types, the direction of imports, dependencies as locked
	@deploy/setup.sh test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv/bin/lint-imports
	.venv/bin/python deploy/audit.py

sbom: ## guiwei.cdx.json: what Guiwei is made of, with hashes, in CycloneDX 1.6
	@deploy/setup.sh test
	.venv/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-format JSON --spec-version 1.6 \
		--output-reproducible --validate --output-file guiwei.cdx.json

bench: ## readings a second from broker to database, beside the bare minimum
	@deploy/setup.sh test
	@exec .venv/bin/python -m bench.ingest

lock: ## pin what pyproject.toml asks for; UPGRADE=--upgrade takes the newest
	@deploy/setup.sh test
	@.venv/bin/python -m pip install --quiet uv
	.venv/bin/uv pip compile pyproject.toml $(LOCK) --output-file requirements.lock
	.venv/bin/uv pip compile pyproject.toml --extra desk --extra test --constraint requirements.lock $(LOCK) \
		--output-file requirements-test.lock

LOCK = --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(UPGRADE)
