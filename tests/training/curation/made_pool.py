"""How long decontamination takes and how much memory, on a made pool of the paper's size and on one twice as large.

    python -m tests.training.curation.made_pool

The questions are made up: their lengths spread like those of s1K (median 49 words, one in ten over 107), their words as unevenly
as in any text, and some hold stock phrases that tests hold too. Nothing is loaded.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from random import Random

from training.curation.decontaminate import Batch, clean_sources
from training.curation.records import Row
from training.curation.sources import SOURCES

N_PAPER = 59_029
_N_TESTS = 1_258  # AIME24, AIME25, MATH500, GPQA-Diamond and as many again for longer lists
_VOCABULARY, _MEDIAN_WORDS, _SPREAD = 40_000, 49, 0.6  # words; words; of the length's logarithm
_PHRASES = 200
_STOCK = 0.03  # share of questions with a stock phrase
_KIB_PER_MIB = 1024


def made_questions(n: int, seed: int) -> Iterator[str]:
    """Made-up questions of realistic length; the same stock phrases whatever the seed.

    Args:
        seed: decides words and lengths.
    """
    rng, phrases = Random(seed), Random("phrases")
    cumulative = list(accumulate(1 / rank for rank in range(1, _VOCABULARY + 1)))  # Zipf's law
    stock = [" ".join(f"s{phrases.randrange(500)}" for _ in range(9)) for _ in range(_PHRASES)]
    for _ in range(n):
        length = max(4, min(1500, round(rng.lognormvariate(0, _SPREAD) * _MEDIAN_WORDS)))
        words = [f"word{bisect(cumulative, rng.random() * cumulative[-1])}" for _ in range(length)]
        if rng.random() < _STOCK:
            words.insert(rng.randrange(length), rng.choice(stock))
        yield " ".join(words)


def made_batches(n_rows: int) -> Iterator[Batch]:
    """The sources of the paper with made-up questions, `n_rows` in all, in the paper's proportions."""
    edges = [round(total * n_rows / N_PAPER) for total in accumulate(source.n_paper for source in SOURCES.values())]
    for number, (name, source, start, end) in enumerate(zip(SOURCES, SOURCES.values(), [0, *edges], edges, strict=False)):
        rows = [Row(question, "", source=name) for question in made_questions(end - start, number)]
        yield Batch(name, rows, unchecked=source.after_decontamination)


def measure(n_rows: int) -> tuple[float, float, int]:
    """Decontaminate a made pool in this process.

    Returns:
        Processor seconds of the cleaning alone, the process's peak memory in MiB with pool and all, and how many rows are left.
    """
    batches, tests = list(made_batches(n_rows)), list(made_questions(_N_TESTS, -1))
    started = time.process_time()
    left, _ = clean_sources(batches, tests)
    seconds = time.process_time() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MIB, len(left)


def main() -> None:
    """Measure both sizes, each in a process of its own."""
    parser = argparse.ArgumentParser(description="Time and memory of decontamination on a made pool.")
    parser.add_argument("--rows", type=int, default=N_PAPER, help="size of the smaller pool; the larger has twice as many rows")
    n_rows = parser.parse_args().rows
    seconds = []
    for size in (n_rows, 2 * n_rows):
        with multiprocessing.get_context("spawn").Pool(1) as process:
            taken, mebibytes, left = process.apply(measure, (size,))
        print(f"{size:,} made questions: {taken:.1f} s, peak {mebibytes:,.0f} MiB, {left:,} left", flush=True)
        seconds.append(taken)
    print(f"twice the questions take {seconds[1] / seconds[0]:.2f} times as long")


if __name__ == "__main__":
    main()
