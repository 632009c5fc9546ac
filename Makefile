# Two commands for a newcomer: `make run` and `make test`. Python 3.11, git and make are all that is assumed.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.installed
REPORT := report

.PHONY: run test test-fast check bench soak lint style format spelling js types env clean

run: env
	$(BIN)/silion train --report $(REPORT)
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

test: env lint types
	$(BIN)/pytest -n 2

# the inner loop: leaves out what trains, starts servers or other processes
test-fast: env
	$(BIN)/pytest -n 2 -m "not slow"

check: env lint types
	$(BIN)/pytest -n 2 --cov --cov-report=term-missing:skip-covered

bench: env .peers/.installed
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

# long runs; a small instance of each stands in the suite
soak: env
	SILION_SOAK=1 $(BIN)/pytest -q tests/features/test_structure.py tests/serving/screen/test_screen.py \
	  tests/serving/test_unfinished.py tests/serving/server/test_server_openapi.py
	$(BIN)/python -m benchmarks.serve --soak 100000
	$(BIN)/python -m benchmarks.featurize --soak 10000000

# matminer needs pandas below 3: the peers of the benchmarks live apart
.peers/.installed: benchmarks/peers.txt
	$(PYTHON) -m venv .peers
	.peers/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/peers.txt
	@touch .peers/.installed

lint: style format spelling js

style: env
	$(BIN)/ruff check .

format: env
	$(BIN)/ruff format --check .

# the words of the field it does not know stand in pyproject.toml
spelling: env
	$(BIN)/codespell $$(git ls-files)

js:
	tools/page/check.sh

types: env
	$(BIN)/mypy

env: $(STAMP)

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Silion needs Python 3.11; found $$($(PYTHON) --version). Install it, or run: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

clean:
	rm -rf .venv tools/page/node_modules report mlflow.db mlflow.db.bundles.json mlartifacts .mypy_cache .ruff_cache .pytest_cache
