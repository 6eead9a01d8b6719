# `make run` and `make test` work on a fresh machine with Python 3.11+ (with venv) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PREPARE := $(BIN)/python deploy/prepare.py
# Three processes on two cores: these tests wait more than they compute. What a file starts, a browser
# or a gate, is started once, and what a folder starts, a whole system, once a process: so the files go in
# the order of their names. The slowest tests are printed at the end.
PYTEST := $(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --durations 15
# What speaks to a store in a way of its own; pages and forms go through the same verbs.
OTHER_STORE := tests/store tests/test_cli.py $(addprefix tests/console/test_,access.py room_api.py \
	recorded.py history.py rehearsals.py shop_access.py support_page.py alarm_watch.py)

.DELETE_ON_ERROR:
.PHONY: help run test test-all check format messages scripts loadtest bench screenshots build clean

help:
	@echo "make run       a demo: a room that opens in 30 s, a crowd, a shop; Ctrl-C ends it"
	@echo "make test      the tests a change must pass, browser included"
	@echo "make test-all  those and the long ones, on the other store too"
	@echo "make check     lint, format, types, import contract"
	@echo "make format    mend what lint and format can mend"
	@echo "make messages  the catalogues of all languages, in step with the templates"
	@echo "make scripts   the page's scripts as they are served, out of those that we write"
	@echo "make loadtest  a crowd against a system of its own, with a verdict"
	@echo "make bench     the speed table of docs/benchmarks.md"
	@echo "make screenshots every state of the shopper's pages and of the console's, in build/screenshots/"
	@echo "make build     the wheel, in dist/"
	@echo "make clean     everything that make made"

run: $(VENV)/.run
	@$(BIN)/python -m waitingroom demo

# Ten minutes is the limit.
test: $(VENV)/.dev
	@$(PREPARE) browser curl php prometheus
	$(PYTEST) -m "not long"

test-all: $(VENV)/.dev
	@$(PREPARE) browser curl php prometheus store database terser
	$(PYTEST)
	@if server="$$(command -v redis-server)"; then set -x; \
		WAITINGROOM_STORE_SERVER="$$server" $(PYTEST) $(OTHER_STORE); fi

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What is new is left empty, not guessed: a test says what is to be translated.
messages: $(VENV)/.dev
	@mkdir -p build
	$(BIN)/pybabel -q extract --mapping pyproject.toml --add-location file --output build/gate.pot .
	$(BIN)/pybabel -q update --domain gate --input-file build/gate.pot --output-dir waitingroom/locale \
		--width 100 --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

# What comes out is committed: a gate needs no Node. docs/decisions/page.md says why.
scripts: $(VENV)/.dev
	@$(PREPARE) terser
	$(BIN)/python deploy/scripts.py

loadtest: $(VENV)/.dev
	$(BIN)/python -m loadtests.run $(LOADTEST)

bench: $(VENV)/.dev
	$(BIN)/python -m loadtests.bench --write

screenshots: $(VENV)/.dev
	@$(PREPARE) browser
	$(PYTEST) tests/browser/test_every_state.py tests/browser/test_console.py -k can_be_read_by_everybody \
		--screenshots build/screenshots

build: $(VENV)/.dev
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) .waitingroom build dist node_modules *.egg-info .pytest_cache .mypy_cache .ruff_cache \
		.hypothesis .import_linter_cache

# A stamp per set of packages; both follow pyproject.toml.
$(VENV)/.run: pyproject.toml deploy/prepare.py
	@$(PYTHON) deploy/prepare.py python
	@echo "Installing into $(VENV); this takes about a minute, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[server]'
	@$(PREPARE) parser
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Installing what the tests need; this takes about a minute, once."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
