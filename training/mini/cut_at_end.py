"""What a cut exactly where the model would have ended costs: the same thinking, answered by itself and behind "Final Answer:".

    python -m training.mini.cut_at_end
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from typing import Any

from s1demo.budget import BudgetPolicy
from s1demo.decoding.merged import map_or_cancel
from s1demo.engines import Engine, open_engine
from s1demo.evals.sweep import decode_question
from s1demo.grading import Outcome, extract_answer, grade
from s1demo.settings import Settings
from training.mini.__main__ import DEV_SEED
from training.mini.benchmarks import problems

PER_DOMAIN, WAITS, AT_ONCE = 20, (0, 1, 2), 32


async def compare(engine: Engine, asked: list[dict[str, Any]]) -> Counter[tuple[int, str]]:
    """Answer every problem both ways.

    Args:
        asked: dev problems with question and answer.

    Returns:
        By number of Waits: how many answers `differ`, and how many are right `by itself` and when `cut`.
    """
    counts = Counter[tuple[int, str]]()

    async def both(problem: dict[str, Any]) -> None:
        for waits in WAITS:
            alone, _ = await decode_question(engine, problem["question"], {"": BudgetPolicy(num_ignore=waits)})
            budget = BudgetPolicy(num_ignore=waits, max_thinking_tokens=alone[""].thinking_tokens)
            cut, _ = await decode_question(engine, problem["question"], {"": budget})
            answers = {name: extract_answer(run[""].answer_text) for name, run in (("by itself", alone), ("cut", cut))}
            counts[waits, "differ"] += len(set(answers.values())) > 1
            for name, answer in answers.items():
                counts[waits, name] += grade(answer, problem["answer"]) is Outcome.CORRECT

    await map_or_cancel(both, asked, AT_ONCE)
    return counts


async def measure() -> None:
    """Print the counts for the embedded model."""
    asked = list(problems(PER_DOMAIN, DEV_SEED, "dev"))
    engine = open_engine(Settings(max_concurrent_requests=AT_ONCE))
    try:
        counts = await compare(engine, asked)
    finally:
        await engine.close()
    for waits in WAITS:
        shown = ", ".join(f"{name} {counts[waits, name]}" for name in ("by itself", "cut", "differ"))
        print(f"{waits} Waits, of {len(asked)}: {shown}")


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description="What a cut exactly at the model's own end costs the embedded model.").parse_args()
    asyncio.run(measure())


if __name__ == "__main__":
    main()
