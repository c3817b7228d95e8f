"""The gate: how often each way of working is right by itself, and how often "they agree" is true.

A check must clearly beat the draft, or extensions would make answers worse. A fold over the journal of a sweep (its longest
traces); decodes nothing and trains nothing.

    python -m s1demo sweep --benchmark runs/s1-mini/dev.jsonl --waits 3 --out runs/s1-mini/dev.json
    python -m training.mini.gate runs/s1-mini/dev.traces.jsonl
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from random import Random

from s1demo.evals.sweep import finished_questions
from training.mini.domains import DOMAINS
from training.mini.domains.base import write_pass

CONCLUSION = re.compile(r"So (.+)\.$")
DRAFT, ROUGH, CHECK_A, CHECK_B, AGREE, OTHER = KINDS = ("draft", "rough", "check_a", "check_b", "agree", "other")
CHECKS = (ROUGH, CHECK_A, CHECK_B)
OPENINGS_READ = 50
BEST_DRAFT, WORST_CHECK, LEAST_TRUE_AGREEMENT = 75, 88, 95  # percent
ROUGH_OVER_DRAFT = 10  # percentage points; of a careful check `WORST_CHECK` is asked
Tally = Counter[tuple[str, str, bool]]


@cache
def openings(domain: str) -> dict[str, str]:
    """The first words of every way a domain's checks begin, as few as tell them apart, and which check it is."""
    rng, methods = Random(0), DOMAINS[domain].methods()
    drawn = [DOMAINS[domain].sample(rng) for _ in range(OPENINGS_READ)]
    words = {
        kind: [write_pass(operands, methods[kind], rng).text.lstrip(", ").split() for operands in drawn]
        for kind in CHECKS
    }
    for n_words in (3, 4, 5):  # "let me add" may be both, "let me add by" is not
        begun = {kind: {" ".join(text[:n_words]) for text in words[kind]} for kind in words}
        if len(set().union(*begun.values())) == sum(map(len, begun.values())):
            return {opening: kind for kind, openings in begun.items() for opening in openings}
    raise ValueError(f"The checks of {domain} begin alike.")


def kind_of(line: str, domain: str, *, first: bool) -> str:
    """Which way of working a line of a trace uses.

    Returns:
        One of `KINDS`.
    """
    if first:
        return DRAFT
    if " agree" in line:
        return AGREE
    return next((kind for opening, kind in openings(domain).items() if opening in line), OTHER)


def tally_trace(thinking: str, domain: str, true_answer: str) -> Tally:
    """What one trace's lines conclude.

    Returns:
        Counts of (domain, kind, is it right); for `AGREE`, whether two checks of the trace did conclude what it says.
    """
    tally: Tally = Counter()
    concluded: list[str] = []
    for index, line in enumerate(line for line in thinking.split("\n") if line):
        kind, match = kind_of(line, domain, first=index == 0), CONCLUSION.search(line)
        said = match.group(1) if match else ""
        right = concluded.count(said) >= 2 if kind == AGREE else said == true_answer
        tally[domain, kind, right] += 1
        if kind in CHECKS:
            concluded.append(said)
    return tally


def share(tally: Tally, domain: str, kind: str) -> tuple[float, int]:
    """How many percent are right, of how many."""
    right, wrong = tally[domain, kind, True], tally[domain, kind, False]
    return 100 * right / max(1, right + wrong), right + wrong


def verdict(tally: Tally, domain: str) -> str:
    """Empty if the domain passes the gate, else what is amiss."""
    amiss = []
    draft = share(tally, domain, DRAFT)[0]
    for kind in CHECKS:
        right, n = share(tally, domain, kind)
        if n and right < (max(WORST_CHECK, draft) if kind != ROUGH else draft + ROUGH_OVER_DRAFT):
            amiss.append(f"{kind} {right:.0f}")
    if draft > BEST_DRAFT:
        amiss.append(f"draft {draft:.0f}, little left to correct")
    agree, n = share(tally, domain, AGREE)
    if n and agree < LEAST_TRUE_AGREEMENT:
        amiss.append(f"agreement true {agree:.0f}")
    return ", ".join(amiss)


def table(tally: Tally, domains: Iterable[str]) -> str:
    """The gate as lines of text: percent right and how many, per domain and kind."""
    lines = ["domain      " + "".join(f"{kind:>16s}" for kind in KINDS)]
    for domain in domains:
        cells = [share(tally, domain, kind) for kind in KINDS]
        shown = "".join(f"{f'{right:.1f} of {n}' if n else '-':>16s}" for right, n in cells)
        lines.append(f"{domain:12s}{shown}  {verdict(tally, domain) or 'passes'}")
    return "\n".join(lines)


def read(path: Path) -> str:
    """The gate of a sweep's journal as lines of text."""
    tally: Tally = Counter()
    for record in finished_questions(path):
        if record["domain"] in DOMAINS:
            tally += tally_trace(record["thinking"], record["domain"], record["true_answer"])
    return table(tally, [domain for domain in DOMAINS if any(key[0] == domain for key in tally)])


def main() -> None:
    """Print the gate of a sweep."""
    parser = argparse.ArgumentParser(description="How often each way of working is right, from the traces of a sweep.")
    parser.add_argument("journal", type=Path, help="the .traces.jsonl that a sweep with --waits wrote")
    print(read(parser.parse_args().journal))


if __name__ == "__main__":
    main()
