# make demo: the app on the embedded model.  make test: everything, tested.  make lint: ruff and mypy.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS ?= 1

.PHONY: demo test lint bench screenshots questions recordings clean

demo: $(VENV)/.installed
	S1_OPEN_BROWSER=1 $(BIN)/python app.py

test: $(VENV)/.installed-dev lint
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.installed
	$(BIN)/python -m s1demo bench

screenshots: $(VENV)/.installed-dev
	$(BIN)/python -m s1demo.ui.screenshots --out assets/screenshots

# The questions the app offers: the stage questions, then held-out test problems.
questions: $(VENV)/.installed
	$(BIN)/python -m training.mini.problems --n 80 --seed 2026 --held-out --showcase > assets/questions.jsonl

# What the replay engine plays: the stage questions at the app's opening settings.
recordings: $(VENV)/.installed
	mkdir -p assets/recorded
	head -14 assets/questions.jsonl \
	| $(BIN)/python -c 'import json, sys; [print(json.loads(line)["question"]) for line in sys.stdin]' \
	| while read -r question; do $(BIN)/python -m s1demo compare "$$question" --json; done > assets/recorded/showcase.jsonl

$(VENV)/.installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache
