# Two commands for a newcomer: `make run` and `make test`. Python 3.11 to 3.14 with venv, git and make are all that is assumed.
FITS := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
  $$python -c '$(FITS)' 2>/dev/null && { echo $$python; break; }; done)
BIN := .venv/bin
STAMP := .venv/.installed
TESTED := .venv/.installed-tests
REPORT := report
SUITE := $(BIN)/pytest -n 2 --dist worksteal

.PHONY: docs run test test-fast check bench soak sbom audit pins env-hashed lint style format spelling js types env test-env clean

run: env
	$(BIN)/silion data pull obelix polymers --timeout 4 --if-reachable
	@echo
	$(BIN)/silion train --public pulled --report $(REPORT)
	@echo
	$(BIN)/silion predict data/examples/candidates.csv -o $(REPORT)/predictions.csv
	@echo
	$(BIN)/silion explain data/examples/candidates.csv -o $(REPORT)/explain
	@echo
	@echo "where to look next:"
	@echo "  $(REPORT)/index.html            what was learned, and how far it can be trusted"
	@echo "  $(REPORT)/explain/index.html    why each example was predicted so"
	@echo "  $(BIN)/mlflow ui --backend-store-uri sqlite:///mlflow.db"
	@echo "  $(BIN)/silion serve             the page at http://127.0.0.1:8000, the API at /docs"

# the many processes of the tests share what they compile
test test-fast check: export PYTHONDONTWRITEBYTECODE =

test: test-env lint types
	$(SUITE)

# the inner loop: leaves out what trains, registers into a store, starts servers or other processes, or takes half a second
test-fast: test-env
	$(SUITE) -m "not slow"

check: test-env lint types
	$(SUITE) --cov --cov-report=term-missing:skip-covered

bench: test-env .peers/.installed
	$(BIN)/python -m benchmarks.ten_rows
	$(BIN)/python -m benchmarks.serve
	$(BIN)/python -m benchmarks.featurize
	$(BIN)/python -m benchmarks.screening
	$(BIN)/python -m benchmarks.cluster
	$(BIN)/python -m benchmarks.explain
	$(BIN)/python -m benchmarks.blocks
	$(BIN)/python -m benchmarks.cells
	$(BIN)/python -m benchmarks.accuracy
	$(BIN)/python -m benchmarks.lab
	$(BIN)/python -m benchmarks.probability
	$(BIN)/python -m benchmarks.life
	$(BIN)/python -m benchmarks.goals
	$(BIN)/python -m benchmarks.severson

# long runs; a small instance of each stands in the suite
soak: test-env
	SILION_SOAK=1 $(BIN)/pytest -q tests/models/test_same_answer.py tests/test_fuzz.py tests/features/test_structure.py tests/serving/screen/test_screen.py \
	  tests/serving/test_unfinished.py tests/serving/server/test_server_openapi.py tests/test_killed.py tests/training/test_fresh_environment.py
	$(BIN)/python -m benchmarks.serve --soak 100000
	$(BIN)/python -m benchmarks.serve_faults
	$(BIN)/python -m benchmarks.serve_memory
	$(BIN)/python -m benchmarks.featurize --soak 10000000

# what Silion is made of, as CycloneDX
sbom: env
	$(BIN)/python tools/sbom.py sbom.json

# known weaknesses of the pinned packages; their data are fetched, which not every machine may do: skipped there, in words
audit: env
	$(BIN)/python tools/audit.py requirements.txt requirements-test.txt

# SHA-256 of every file of the pinned versions, of all platforms and Pythons; uv asks the package index
pins: env
	$(PYTHON) -m venv .pins
	.pins/bin/python -m pip install --quiet --disable-pip-version-check uv
	.pins/bin/uv pip compile requirements.txt --output-file requirements-hashed.txt --generate-hashes --universal --no-deps \
	  --python-version 3.11 --no-header --no-annotate --quiet
	rm -rf .pins

# what `env` makes, of files that are no others than those of the pinned hashes; of a package that is there already pip
# compares none
env-hashed:
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements-hashed.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

# matminer needs pandas below 3: the peers of the benchmarks live apart
.peers/.installed: benchmarks/peers.txt
	$(PYTHON) -m venv .peers
	.peers/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/peers.txt
	@touch .peers/.installed

# the site lives apart: running and testing Silion need none of it
.docs/.installed: docs/requirements.txt
	$(PYTHON) -m venv .docs
	.docs/bin/python -m pip install --quiet --disable-pip-version-check --requirement docs/requirements.txt
	@touch .docs/.installed

docs: env .docs/.installed
	$(BIN)/silion data atlas -o docs/atlas.html
	.docs/bin/mkdocs build --strict --quiet
	@echo "look at site/index.html"

lint: style format spelling js

style: test-env
	$(BIN)/ruff check .

format: test-env
	$(BIN)/ruff format --check .

# the words of the field it does not know stand in pyproject.toml
spelling: test-env
	$(BIN)/codespell $$(git ls-files)

js:
	tools/page/check.sh

types: test-env
	$(BIN)/mypy

# what running needs; then what testing needs as well
env: $(STAMP)

test-env: $(TESTED)

$(TESTED): requirements-test.txt $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.txt --requirement requirements-test.txt
	@touch $(TESTED)

$(STAMP): requirements.txt pyproject.toml
	@$(if $(PYTHON),$(PYTHON) -c '$(FITS)',false) 2>/dev/null || { echo "Silion needs Python 3.11 to 3.14 with its venv module; found $(if $(PYTHON),$(PYTHON),none). Debian and Ubuntu: sudo apt install python3 python3-venv; elsewhere: make PYTHON=/path/to/python3.13"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

clean:
	rm -rf sbom.json .venv .pins .docs site tools/page/node_modules report mlflow.db mlflow.db.bundles.json mlartifacts .mypy_cache .ruff_cache .pytest_cache
