"""Accuracy against thinking: budgets, the natural end and forced extensions on problems that no training saw.

    python -m training.mini.evaluate --recipe training/recipes/s1-mini.yaml --split test --out assets/measured/s1-mini-v1.json
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from s1demo.delimiters import S1, EncodedFormat, build_prompt, encode_format
from training.mini.generation import Trail, answers, think
from training.mini.phrasings import plain_phrase
from training.mini.problems import DOMAINS, SHOWCASE, Problem, problem_set
from training.mini.recipe import load_recipe
from training.mini.tokenizer import MAX_LENGTH, MiniTokenizer

BUDGETS = (0, 8, 16, 32, 64, 128, 256)
EXTENSIONS = (0, 1, 2, 4, 8)
ROWS_AT_ONCE = 128


class Evaluator:
    """Runs one model over question sets."""

    def __init__(self, network: PreTrainedModel, tokenizer: MiniTokenizer) -> None:
        """Encode the format once."""
        self.network, self.tokenizer = network.train(False), tokenizer
        self.encoded: EncodedFormat = encode_format(S1, tokenizer)

    def points(
        self, asked: list[tuple[Problem, str]], budgets: tuple[int, ...], extensions: tuple[int, ...]
    ) -> list[dict[str, Any]]:
        """One record per setting: accuracy and mean thinking tokens, overall and per domain.

        Args:
            asked: problems with their questions.
            budgets: thinking budgets without extensions.
            extensions: numbers of forced extensions without a budget.
        """
        records: dict[str, list[tuple[bool, int]]] = {}
        for start in range(0, len(asked), ROWS_AT_ONCE):
            part = asked[start : start + ROWS_AT_ONCE]
            trails = self.think([question for _, question in part], max(extensions))
            for name, lengths, forced in _settings(trails, budgets, extensions):
                said = answers(self.network, trails, lengths, forced, self.encoded, self.tokenizer)
                right = [text == problem.answer for text, (problem, _) in zip(said, part, strict=True)]
                records.setdefault(name, []).extend(zip(right, lengths, strict=True))
        domains = [problem.domain for problem, _ in asked]
        return [_summary(name, rows, domains) for name, rows in records.items()]

    def think(self, questions: list[str], n_extensions: int) -> list[Trail]:
        """Think about every question with up to `n_extensions` forced extensions."""
        prompts = [build_prompt(question, self.tokenizer, S1) for question in questions]
        return think(self.network, prompts, self.encoded, n_extensions, MAX_LENGTH)

    def showcase(self, n_extensions: int = 2) -> list[dict[str, Any]]:
        """What the model says to each showcase question at its natural end and after each extension."""
        questions = [plain_phrase(problem.domain, problem.operands) for problem in SHOWCASE]
        trails = self.think(questions, n_extensions)
        rows = [
            answers(self.network, trails, [t.ends[k] for t in trails], [False] * len(trails), self.encoded, self.tokenizer)
            for k in range(n_extensions + 1)
        ]
        return [
            {
                "question": question,
                "correct": problem.answer,
                "answers": list(said),
                "trace": self.tokenizer.decode(trail.thinking),
            }
            for question, problem, trail, said in zip(questions, SHOWCASE, trails, zip(*rows, strict=True), strict=True)
        ]


def _settings(
    trails: list[Trail], budgets: tuple[int, ...], extensions: tuple[int, ...]
) -> list[tuple[str, list[int], list[bool]]]:
    """Name, thinking lengths and whether the end is forced, for every point of the curve."""
    natural = [trail.ends[0] for trail in trails]
    capped = [(f"budget {b}", [min(b, end) for end in natural], [end > b or not b for end in natural]) for b in budgets]
    names = {k: f"+{k}" if k else "natural" for k in extensions}
    return capped + [(names[k], [trail.ends[k] for trail in trails], [False] * len(trails)) for k in extensions]


def _summary(name: str, rows: list[tuple[bool, int]], domains: list[str]) -> dict[str, Any]:
    def share(picked: list[tuple[bool, int]]) -> dict[str, float]:
        n = max(1, len(picked))
        return {
            "accuracy": round(100 * sum(right for right, _ in picked) / n, 1),
            "mean_thinking_tokens": round(sum(length for _, length in picked) / n, 1),
        }

    per_domain = {domain: share([row for row, d in zip(rows, domains, strict=True) if d == domain]) for domain in DOMAINS}
    return {"setting": name, "n": len(rows), **share(rows), "domains": per_domain}


def table(points: list[dict[str, Any]]) -> str:
    """The points as lines of text."""
    lines = [f"{'setting':12s} {'tokens':>7s} {'all':>6s} " + " ".join(f"{domain:>9s}" for domain in DOMAINS)]
    for p in points:
        domains = " ".join(f"{p['domains'][domain]['accuracy']:9.1f}" for domain in DOMAINS)
        lines.append(f"{p['setting']:12s} {p['mean_thinking_tokens']:7.1f} {p['accuracy']:6.1f} {domains}")
    return "\n".join(lines)


def main() -> None:
    """Evaluate a model folder and, if asked, write the measurements."""
    parser = argparse.ArgumentParser(description="Accuracy of the miniature against thinking tokens.")
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="a model folder; default: the recipe's export")
    parser.add_argument("--split", choices=("dev", "test"), default="dev")
    parser.add_argument("--unseen-phrasings", action="store_true", help="ask as no training question does")
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--showcase", action="store_true", help="also run and print the showcase questions")
    parser.add_argument("--out", type=Path, help="write the points here as JSON")
    args = parser.parse_args()
    torch.set_num_threads(1)
    folder = args.model or load_recipe(args.recipe).export_folder
    evaluator = Evaluator(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), MiniTokenizer(folder))
    asked = list(problem_set(args.n, args.seed, args.split, unseen_phrasings=args.unseen_phrasings))
    points = evaluator.points(asked, BUDGETS, EXTENSIONS)
    print(table(points))
    result: dict[str, Any] = {
        "model": folder.name,
        "command": shlex.join(["python", "-m", "training.mini.evaluate", *sys.argv[1:]]),
        "split": args.split,
        "phrasings": "unseen" if args.unseen_phrasings else "trained",
        "seed": args.seed,
        "n": len(asked),
        "decoding": "greedy",
        "points": points,
    }
    if args.showcase:
        result["showcase"] = evaluator.showcase()
        for row in result["showcase"]:
            print(f"{row['question']}  correct {row['correct']}  natural, +1, +2: {', '.join(row['answers'])}\n{row['trace']}")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
