"""The miniature's pool: problems, two base models' attempts and a teacher's traces, through the same curation code as the 32B's.

    python -m training.mini.pool --recipe training/recipes/s1-mini.yaml

Knows the miniature's domains; knows nothing of how curation or attempts work. A killed run goes on with the attempts it has.
What the paper distils from Gemini is written by rule here: a trace opens with the larger base model's OWN first line and goes
on with checks, fewer for a problem that looks small; some rough ones slip and are corrected. That rule, `teach`, is where the
miniature learns to stop by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from random import Random

from s1demo.budget import AUTO, BudgetPolicy, Limit
from s1demo.delimiters import EXTENSION
from s1demo.engines.tokenization import HubTokenizer
from s1demo.errors import InputError
from s1demo.settings import Settings
from training.curation.difficulty import AttemptSettings, keep_unsolved, make_attempts, with_attempts
from training.curation.diversity import choose
from training.curation.funnel import Funnel
from training.curation.quality import count_faults, keep_clean, keep_complete, keep_well_formed
from training.curation.records import Row, write_rows
from training.curation.subsets import ablations
from training.mini.domains import DOMAINS
from training.mini.domains.base import LARGE, MEDIUM, write_pass
from training.mini.domains.scribe import Pass
from training.mini.language.chains import after_disagreement, confirmation
from training.mini.problems import Problem, problem_set
from training.recipes import Section, Share, read_section, recipe_options

SMALLER, LARGER = MODELS = ("small", "large")
SIZE_NAMES = ("small", "medium", "large")
CURATED = "curated"
_CONCLUSION = re.compile(r"So (\S.*)\.$")


@dataclass(frozen=True)
class CurationKnobs(Section):
    """The `curation` section of the miniature's recipe.

    Attributes:
        folder: where attempts, training sets and the funnel go.
        models: folders of the two base models, "small" and "large"; the large one is to be fine-tuned.
        seed: decides problems, phrasings, which traces get a second check, and the choice.
        draw: another number draws other second checks and other rows from the same pool.
        n_problems: size of the pool.
        n_rows: how many are chosen, and the size of each ablation set but the whole pool.
        second_check: share of the large problems' traces that hold a careful check behind the rough one.
        rough_slip: share of the rough checks before a careful one that are wrong: else fine-tuning unlearns to compare.
        agreement_said: share of the traces with a careful check that also say that two checks agree.
        train_draft: whether the loss counts the draft, which is the base model's own.
        domains_by_size: whether diversity counts small, medium and large problems of a kind as domains of their own; otherwise
            the preference for long traces leaves hardly a small one, and the model learns to check everything.
        attempt_tokens: thinking budget of an attempt, or auto for the context.
        max_trace_tokens: longer traces are dropped as malformed.
        max_concurrent: attempts under way at once.
    """

    folder: Path
    models: Mapping[str, str]
    seed: int = 0
    draw: int = 0
    n_problems: int = 20_000
    n_rows: int = 1000
    second_check: Share = 1.0
    rough_slip: Share = 0.2
    agreement_said: Share = 0.25
    train_draft: bool = True
    domains_by_size: bool = True
    attempt_tokens: Limit = AUTO
    max_trace_tokens: int = 900
    max_concurrent: int = 64

    def __post_init__(self) -> None:
        if set(self.models) != set(MODELS):
            raise InputError(f"curation: models are {sorted(self.models)}. Name a folder for each of: {', '.join(MODELS)}.")

    @property
    def sets_folder(self) -> Path:
        """Where the training sets and the funnel of this draw go."""
        return self.folder / f"draw-{self.draw}" if self.draw else self.folder

    @property
    def draw_seed(self) -> int:
        """Decides second checks and the choice."""
        return self.seed + self.draw


def make_pool(knobs: CurationKnobs) -> dict[str, tuple[Row, Problem]]:
    """The pool by row id, repeats left out: training problems with their questions, no traces yet."""
    asked: dict[str, tuple[Row, Problem]] = {}
    for problem, question in problem_set(knobs.n_problems, knobs.seed, "train"):
        domain = f"{problem.domain}, {SIZE_NAMES[problem.size]}" if knobs.domains_by_size else problem.domain
        row = Row(question, problem.answer, domain=domain, source=problem.domain, meta={"size": SIZE_NAMES[problem.size]})
        asked.setdefault(row.id, (row, problem))
    return asked


def teach(problem: Problem, rng: Random, knobs: CurationKnobs) -> list[Pass]:
    """The checks that the teacher writes behind a draft.

    Args:
        rng: decides which problems get careful checks, where a rough one slips, and which traces say that two agree.

    Returns:
        None if small, a rough check if medium; if large a careful one too, and the other careful one where they differ.
    """
    if problem.size < MEDIUM:
        return []
    domain = DOMAINS[problem.domain]
    if problem.size < LARGE or rng.random() >= knobs.second_check:
        return [write_pass(problem.operands, domain.rough, rng)]
    rough = write_pass(problem.operands, domain.rough, rng, knobs.rough_slip)
    checks = [rough, write_pass(problem.operands, domain.check_a, rng)]
    if rough.conclusion != problem.answer:
        checks.append(after_disagreement(write_pass(problem.operands, domain.check_b, rng), [each.conclusion for each in checks]))
    if rng.random() < knobs.agreement_said:
        checks.append(confirmation([each.conclusion for each in checks]))
    return checks


def conclusion(text: str) -> str:
    """What the last line of a text concludes ("So X."), empty where it concludes nothing."""
    lines = text.strip().splitlines()
    found = _CONCLUSION.search(lines[-1]) if lines else None
    return found.group(1) if found else ""


def taught(row: Row, problem: Problem, tokenizer: HubTokenizer, knobs: CurationKnobs) -> Row:
    """A row with its trace; the answer is what the trace concludes, right or wrong: the model is to trust its working.

    Args:
        row: with the larger model's attempt, whose first line is the draft; without a conclusion there the trace is empty.
    """
    attempt = row.attempts.get(LARGER)
    draft = next(iter(attempt.thinking.strip().splitlines()), "") if attempt else ""
    if not conclusion(draft):
        return row
    pieces = [(draft, not knobs.train_draft), ("\n", False)]
    for check in teach(problem, Random(f"{knobs.draw_seed}-{row.id}"), knobs):
        pieces += [(EXTENSION, False), *check.pieces]
    ends = list(accumulate(len(text) for text, _ in pieces))
    trace = "".join(text for text, _ in pieces)
    return replace(
        row,
        thinking=trace,
        trace_answer=conclusion(trace),
        thinking_tokens=len(tokenizer.encode(trace)),
        masked_spans=tuple((end - len(text), end) for (text, masked), end in zip(pieces, ends, strict=True) if masked),
    )


def curate(knobs: CurationKnobs, engine: Settings | None = None) -> Funnel:
    """Make the pool, let both models attempt it, write traces, and choose; every training set is a file in the folder.

    Args:
        engine: device and dtype of the attempts; the environment's by default.

    Returns:
        The funnel, which is also written as funnel.json.

    Raises:
        InputError: too few problems are left for the choice.
    """
    pool = make_pool(knobs)
    rows = [row for row, _ in pool.values()]
    how = AttemptSettings(BudgetPolicy(knobs.attempt_tokens), max_concurrent=knobs.max_concurrent)
    for name, model in knobs.models.items():
        path = knobs.folder / f"attempts-{name}.jsonl"
        make_attempts(rows, model, path, how, engine or Settings.from_env())
        rows = with_attempts(rows, name, path)
    tokenizer, funnel = HubTokenizer(knobs.models[LARGER]), Funnel()
    rows = [taught(row, pool[row.id][1], tokenizer, knobs) for row in rows]
    whole = funnel.note("pool", rows, _solved(rows))
    complete = funnel.note("nothing missing", keep_complete(whole, MODELS), count_faults(whole, MODELS, knobs.max_trace_tokens))
    good = funnel.note("well formed", keep_well_formed(keep_clean(complete), knobs.max_trace_tokens))
    hard = funnel.note("unsolved by both", keep_unsolved(good, MODELS))
    sets = {CURATED: choose(hard, knobs.n_rows, knobs.draw_seed), **ablations(whole, good, knobs.n_rows, knobs.draw_seed)}
    funnel.note("chosen", sets[CURATED], _sizes(sets[CURATED]))
    for name, chosen in sets.items():
        write_rows(knobs.sets_folder / f"{name}.jsonl", chosen)
    funnel.write(knobs.sets_folder / "funnel.json")
    return funnel


def _solved(rows: list[Row]) -> dict[str, int]:
    """How many rows each model solved, for the funnel."""
    return {
        f"solved by {name}": len(rows) - len(keep_unsolved((row for row in rows if name in row.attempts), [name]))
        for name in MODELS
    }


def _sizes(rows: list[Row]) -> dict[str, int]:
    """How many chosen rows are of each size, and how many conclude the truth, for the funnel."""
    sizes = {size: sum(row.meta["size"] == size for row in rows) for size in SIZE_NAMES}
    return {**sizes, "trace concludes the truth": sum(row.trace_answer == row.answer for row in rows)}


def main() -> None:
    """Curate by a recipe and print the funnel."""
    options = recipe_options("The miniature's pool and its thousand rows.", "curation").parse_args()
    print(curate(read_section(options.recipe, "curation", CurationKnobs, options.set)).table())


if __name__ == "__main__":
    main()
