# make demo   two baselines on fictional posts (installs the light core into .venv first)
# make test   format and lint checks, type check, all tests (installs everything into .venv first)
# make test-lowest  the fast tests with the lowest versions of our dependencies (not in CI)
# make test-pythons  wheel, demo and fast tests on each supported Python that is here (not in CI)
# make docs   fill the generated parts of docs/, and figures from docs/figures/stored
# make figures  measure those figures again (DATA=folder with imhi/, raw/, model_outputs/), then make docs
# make format / make clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile
SOURCES := setup.py harness plugins tasks imhi_build finetune tests docs benchmarks examples
# Two workers with one thread each: more threads than cores make torch many times slower.
TEST_ENV := OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false

# Packages are compiled when they are first imported, not when they are installed: few are used.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test types tests test-lowest test-pythons docs figures format clean

demo: $(VENV)/core.installed
	$(BIN)/imhi run

test: $(VENV)/dev.installed $(VENV)/types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check $(SOURCES)
	@$(MAKE) --no-print-directory --jobs 2 types tests

# Beside each other: mypy has one core to itself, and tests wait now and then.
types:
	$(BIN)/mypy

tests:
	$(TEST_ENV) $(BIN)/python -m pytest -n 2 --dist loadfile

# The package as a type checker or an editor finds it, which follow no import hooks: links to folders.
# A new file or folder right below harness/ wants it made again.
$(VENV)/types: setup.py $(wildcard harness/*) | $(BIN)/python
	@rm -rf $@ && mkdir -p $@/imhi
	@ln -s $(CURDIR)/harness/* $@/imhi/
	@ln -s $(CURDIR)/plugins $(CURDIR)/tasks $(CURDIR)/finetune $@/imhi/
	@ln -s $(CURDIR)/imhi_build $@/imhi/build

# The lowest versions that pyproject.toml allows, in an environment of its own. Without the extras hf,
# finetune, qlora and ray: the lowest torch is to be had with CUDA only, some gigabytes of it.
LOWEST := $(VENV)/lowest
LOWEST_TESTS := tests/harness tests/tasks tests/imhi_build tests/plugins
# What pydantic says and writes differs between its versions in words only.
OF_PYDANTIC := --deselect tests/harness/run_store/test_run_schemas.py::test_the_schemas_are_those_of_the_records
OF_PYDANTIC += --deselect tests/plugins/leaderboard/test_records.py::test_what_is_wrong_is_said_with_place_and_what_was_expected
# These need torch.
LOWEST_TESTS += $(addprefix --ignore=tests/plugins/,models/hf models/test_lm_eval_backend.py metrics/neural)

test-lowest: | $(BIN)/python
	@$(PIP) uv
	@$(BIN)/uv venv -q --clear --python $(BIN)/python $(LOWEST)
	@$(BIN)/uv pip install -q --python $(LOWEST) --resolution lowest-direct -e '.[anthropic,build,gemini,plots,report]'
	@$(BIN)/uv pip install -q --python $(LOWEST) pytest pytest-xdist jsonschema statsmodels \
	  playwright axe-playwright-python
	$(TEST_ENV) $(LOWEST)/bin/python -m pytest -m "not slow" -n 2 --dist loadfile $(LOWEST_TESTS) $(OF_PYDANTIC)

# Wheel and source distribution, and the wheel with the light core in a new environment of each supported
# Python: python3.X on the PATH (pyenv: PYENV_VERSION=3.12.1:3.13.0 make test-pythons). Which are not here
# is said. The tests come from the checkout, imhi from the wheel: no folder of the checkout has that name.
PYTHONS ?= 3.11 3.12 3.13 3.14
OF_PYTHONS := $(CURDIR)/$(VENV)/pythons

test-pythons: $(VENV)/dev.installed
	@$(PIP) uv
	@rm -rf $(OF_PYTHONS)
	$(BIN)/python -m build --outdir $(OF_PYTHONS)/dist .
	@absent=; failed=; for version in $(PYTHONS); do \
	  python=$$(command -v python$$version) && $$python -c '' 2> /dev/null || { absent="$$absent $$version"; continue; }; \
	  echo "Python $$version:"; made=$(OF_PYTHONS)/$$version; \
	  $(BIN)/uv venv -q --no-python-downloads --python $$python $$made && \
	  $(BIN)/uv pip install -q --python $$made -c constraints.txt \
	    "$$(echo $(OF_PYTHONS)/dist/*.whl)[anthropic,build,gemini,plots,report]" pytest pytest-xdist \
	    jsonschema statsmodels playwright axe-playwright-python && \
	  (cd $$made && bin/imhi run) && \
	  $(TEST_ENV) $$made/bin/python -m pytest -m "not slow" -n 2 --dist loadfile $(LOWEST_TESTS) || \
	    failed="$$failed $$version"; \
	done; \
	echo "not here, so not tested:$${absent:- none}; failed:$${failed:- none}"; test -z "$$failed"

docs: $(VENV)/dev.installed
	$(BIN)/python docs/generate.py

DATA ?= data

figures: $(VENV)/dev.installed
	$(BIN)/python docs/figures/make.py --data $(DATA)
	$(BIN)/python docs/generate.py

format: $(VENV)/dev.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format $(SOURCES)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

# A recent pip installs twice as fast as the one that comes with Python 3.11.
# A stamp is older than what it was made from when an installation is out of date. The demo is
# content with what the tests have installed.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	@$(PIP) --upgrade 'pip>=26'

$(VENV)/core.installed: pyproject.toml setup.py constraints.txt | $(BIN)/python
	@echo "installing the light core into $(VENV): a minute or so ..."
	@$(PIP) -c constraints.txt -e .
	@touch $@

$(VENV)/dev.installed: pyproject.toml setup.py constraints.txt | $(BIN)/python
	@echo "installing everything the tests need into $(VENV): some minutes ..."
	@$(PIP) -c constraints.txt -e '.[dev]'
	@touch $(VENV)/core.installed $@
