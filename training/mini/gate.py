"""The dev gate: how often each way of working is right by itself, and how often "the checks agree" is true.

A check must clearly beat the draft, or extensions would make answers worse. Reads the model's own traces; trains nothing.

    python -m training.mini.gate --recipe training/recipes/s1-mini.yaml --n 400
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path
from random import Random

import torch
from transformers import AutoModelForCausalLM

from training.mini.evaluate import ROWS_AT_ONCE, Evaluator
from training.mini.problems import DOMAINS, Problem, problem_set
from training.mini.recipe import load_recipe
from training.mini.tokenizer import MiniTokenizer
from training.mini.working import METHODS, write_pass

CONCLUSION = re.compile(r"So (\S+)\.$")
KINDS = ("draft", "check_a", "check_b")


def kind_of(line: str, problem: Problem) -> str:
    """Which way of working a line uses: one of `KINDS`, "agree" for a confirmation, else "other"."""
    if " agree" in line:
        return "agree"
    for kind in KINDS:
        words = write_pass(problem, getattr(METHODS[problem.domain], kind), Random(0)).text.split()
        opening = " ".join(words[:1] if kind == "draft" else words[1:5])  # "let me count letter", without the comma
        if opening in line:
            return kind
    return "other"


def count(lines: list[str], problem: Problem, tally: Counter[tuple[str, str, bool]]) -> None:
    """Add one trace to the tally of (domain, kind, is it right)."""
    checked: list[str] = []
    for line in lines:
        kind, match = kind_of(line, problem), CONCLUSION.search(line)
        said = match.group(1) if match else ""
        if kind == "agree":
            tally[problem.domain, kind, checked.count(said) >= 2] += 1
        else:
            tally[problem.domain, kind, said == problem.answer] += 1
        if kind in ("check_a", "check_b"):
            checked.append(said)


def main() -> None:
    """Print the gate of a model folder on dev problems."""
    parser = argparse.ArgumentParser(description="How often each way of working is right on dev problems.")
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="a model folder; default: the recipe's export")
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--extensions", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    folder = args.model or load_recipe(args.recipe).export_folder
    evaluator = Evaluator(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), MiniTokenizer(folder))
    asked = list(problem_set(args.n, args.seed, "dev"))
    tally: Counter[tuple[str, str, bool]] = Counter()
    for start in range(0, len(asked), ROWS_AT_ONCE):
        part = asked[start : start + ROWS_AT_ONCE]
        trails = evaluator.think([question for _, question in part], args.extensions)
        for (problem, _), trail in zip(part, trails, strict=True):
            count([line for line in evaluator.tokenizer.decode(trail.thinking).split("\n") if line], problem, tally)
    for domain in DOMAINS:
        shares = []
        for kind in (*KINDS, "agree", "other"):
            right, wrong = tally[domain, kind, True], tally[domain, kind, False]
            shares.append(f"{kind} {100 * right / (right + wrong):.0f} % of {right + wrong}" if right + wrong else f"{kind} -")
        print(f"{domain:9s} " + " | ".join(shares))


if __name__ == "__main__":
    main()
