"""The miniature's question files: what the app offers and what the sweeps measure, as JSON lines.

    python -m training.mini.benchmarks --to assets

Each line holds question, answer, domain and phrasing. The problems are of the test split, so no training and no choice saw them;
`questions.jsonl` opens with the problems asked on stage, which are in no split.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from training.mini.domains import DOMAINS
from training.mini.domains.elsewhere import ELSEWHERE_UNSEEN, sample_elsewhere
from training.mini.language.chains import REFUSAL
from training.mini.problems import SHOWCASE, problem_lines
from training.mini.wording.phrasings import TRAINED, UNSEEN, plain_phrase

PER_DOMAIN, UNSEEN_PER_DOMAIN, OFFERED_PER_DOMAIN = 80, 30, 5
SEED, OFFERED_SEED = 11, 2026
ELSEWHERE = "elsewhere"
Line = dict[str, str]
SPOILT: Line = {  # a test problem; right by itself and wrong after a Wait, which the exhibit shows too
    "question": "What number comes next in the sequence 4, 20, 36, 52?",
    "answer": "68",
    "domain": "sequences",
    "phrasing": TRAINED,
}


def problems(per_domain: int, seed: int, split: str, wording: str = TRAINED) -> Iterator[Line]:
    """Problems of a split as lines, so many of each domain; see `problem_set`."""
    return problem_lines(per_domain * len(DOMAINS), seed, split, wording)


def showcase() -> Iterator[Line]:
    """The problems asked on stage, plainly phrased."""
    for problem in SHOWCASE:
        question = plain_phrase(DOMAINS[problem.domain], problem.operands)
        yield {"question": question, "answer": problem.answer, "domain": problem.domain, "phrasing": TRAINED}


def elsewhere() -> Iterator[Line]:
    """Questions of no domain, one for each phrasing that training never uses."""
    rng, asked = Random(SEED), set[str]()
    while len(asked) < len(ELSEWHERE_UNSEEN):
        question = sample_elsewhere(rng, unseen=True)
        if question not in asked:
            asked.add(question)
            yield {"question": question, "answer": REFUSAL, "domain": ELSEWHERE, "phrasing": UNSEEN}


def write(path: Path, lines: Iterable[Line]) -> None:
    """Write lines as JSON, one each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def write_all(folder: Path) -> None:
    """Write every question file."""
    write(folder / "questions.jsonl", [*showcase(), *problems(OFFERED_PER_DOMAIN, OFFERED_SEED, "test"), SPOILT])
    write(folder / "benchmarks" / "mini.jsonl", problems(PER_DOMAIN, SEED, "test"))
    write(folder / "benchmarks" / "mini-unseen.jsonl", problems(UNSEEN_PER_DOMAIN, SEED, "test", UNSEEN))
    write(folder / "benchmarks" / "mini-elsewhere.jsonl", elsewhere())


def main() -> None:
    """Write all question files."""
    parser = argparse.ArgumentParser(description="Write the miniature's question files.")
    parser.add_argument("--to", type=Path, required=True, help="the assets folder")
    write_all(parser.parse_args().to)


if __name__ == "__main__":
    main()
