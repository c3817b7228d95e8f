"""Difficulty: two models attempt every question, and a row that either of them solves is dropped (paper section 2.2).

Attempts go through the product's engines, many at once, into a JSON-lines file that a killed run goes on with. What a model wrote
is kept ungraded, so a better grader needs no new attempts. The paper's models are Qwen2.5-7B- and 32B-Instruct in plain chat, one
attempt each; its grader is Claude 3.5 Sonnet, ours `s1demo.grading` or a judge model (`judging`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from s1demo.budget import BudgetPolicy
from s1demo.decoding.merged import map_or_cancel
from s1demo.decoding.runs import decode_batch, whole_segment
from s1demo.engines import Engine, open_engine
from s1demo.errors import InputError
from s1demo.evals.journal import Journal, records
from s1demo.events import Phase, Request, SamplingParams, Tokens
from s1demo.grading import Grader, Outcome, extract_answer
from s1demo.settings import Settings
from training.curation.records import Attempt, Row

_FINGERPRINT_BYTES = 2**20


@dataclass(frozen=True)
class AttemptSettings:
    """How attempts are made.

    Attributes:
        policy: what happens to the thinking of a model that thinks in the product's format; None asks a model that does not
            (the paper's) in plain chat.
        sampling: how tokens are picked.
        max_answer_tokens: limit of a plain answer in tokens (paper: 32,768); what the context leaves, if that is less.
        max_concurrent: attempts under way at once.
    """

    policy: BudgetPolicy | None = field(default_factory=BudgetPolicy)
    sampling: SamplingParams = field(default_factory=SamplingParams)
    max_answer_tokens: int = 32_768
    max_concurrent: int = 64



def make_attempts(rows: Sequence[Row], model: str, path: Path, settings: AttemptSettings, engine: Settings) -> None:
    """Open an engine and let it attempt every row; see `attempt_all`.

    Args:
        engine: device and dtype; the model and the number of requests at once are filled in.
    """
    opened = replace(engine, model=model, max_concurrent_requests=settings.max_concurrent)

    async def work() -> None:
        running = open_engine(opened)
        try:
            await attempt_all(running, rows, path, settings, fingerprint(model))
        finally:
            await running.close()

    asyncio.run(work())


def fingerprint(model: str) -> str:
    """Tells a folder's weights from what was there before a new training run, without reading them all; empty for a Hub id."""
    digest = sha256()
    files = sorted(Path(model).glob("*.safetensors"))
    for file in files:
        with file.open("rb") as weights:
            weights.seek(max(0, file.stat().st_size - _FINGERPRINT_BYTES))
            digest.update(weights.read())
    return digest.hexdigest()[:16] if files else ""


async def attempt_all(
    engine: Engine, rows: Sequence[Row], path: Path, settings: AttemptSettings = AttemptSettings(), weights: str = ""
) -> None:
    """Attempt the rows that the file does not hold yet; each attempt is written as soon as it is there.

    Args:
        rows: what to attempt; rows with the same question share an attempt.
        path: JSON lines, the first one saying who attempted and how.

    Raises:
        InputError: the file holds another model's attempts, or ones made otherwise.
        EngineError: decoding failed; what was attempted before is in the file.
    """
    from tqdm import tqdm

    with Journal(path, {"model": engine.info.model, "weights": weights, **_how(settings)}) as journal:
        waiting = {row.id: row.question for row in rows if row.id not in journal.done}
        with tqdm(total=len(waiting), desc=f"attempts of {engine.info.model}") as bar:

            async def one(row_id: str) -> None:
                journal.append({"id": row_id, **await _attempt(engine, waiting[row_id], settings)})
                bar.update()

            await map_or_cancel(one, waiting, settings.max_concurrent)


async def _attempt(engine: Engine, question: str, settings: AttemptSettings) -> dict[str, Any]:
    """What the model wrote, or why the question could not be asked (longer than the context, for one)."""
    try:
        thinking, answer = await (_think(engine, question, settings) if settings.policy else _chat(engine, question, settings))
    except InputError as error:
        return {"error": str(error)}
    return {"thinking": _text(engine, thinking), "thinking_tokens": len(thinking), "answer_text": _text(engine, answer)}


async def _think(engine: Engine, question: str, settings: AttemptSettings) -> tuple[list[int], list[int]]:
    """Thinking and answer ids of a run in the product's format."""
    assert settings.policy is not None
    (events,) = await decode_batch(engine, [(question, settings.policy)], settings.sampling)
    tokens = [event for event in events if isinstance(event, Tokens)]
    ids = {phase: [index for event in tokens if event.phase is phase for index in event.token_ids] for phase in Phase}
    return ids[Phase.THINKING], ids[Phase.ANSWER]


async def _chat(engine: Engine, question: str, settings: AttemptSettings) -> tuple[list[int], list[int]]:
    """The answer ids of a plain chat turn: the model's own template, no opened thinking."""
    tokenizer = engine.tokenizer
    before, after = tokenizer.chat_affixes()
    prompt = (*tokenizer.encode(before, special=True), *tokenizer.encode(question), *tokenizer.encode(after, special=True))
    room = min(settings.max_answer_tokens, engine.info.context_length - len(prompt))
    request = Request(prompt, room, frozenset({tokenizer.end_of_turn_id}), 0, settings.sampling)
    return [], list((await whole_segment(engine, request)).token_ids)


def _text(engine: Engine, token_ids: Sequence[int]) -> str:
    stream = engine.tokenizer.text_stream()
    return stream.text(tuple(token_ids)) + stream.flush()


def _how(settings: AttemptSettings) -> dict[str, Any]:
    return {name: value for name, value in asdict(settings).items() if name != "max_concurrent"}


def with_attempts(rows: Iterable[Row], name: str, path: Path) -> list[Row]:
    """Add one model's attempts to the rows, graded now by each row's kind of answer.

    Args:
        rows: any rows; those without an attempt in the file stay as they are.
        name: what the rows call the model.

    Returns:
        The rows with their attempts; one that could not be asked, or has no true answer, is unscorable.

    Raises:
        S1Error: formulas have to be compared, and math-verify does not start.
    """
    rows, made = list(rows), {record["id"]: record for record in records(path)}
    graded = iter(grade_texts([(row, made[row.id]["answer_text"]) for row in rows if "answer_text" in made.get(row.id, {})]))

    def attempt(record: Mapping[str, Any]) -> Attempt:
        if "answer_text" not in record:  # the question could not be asked
            return Attempt(None, Outcome.UNSCORABLE)
        return Attempt(*next(graded), record["thinking"], record["thinking_tokens"], record["answer_text"])

    return [replace(row, attempts={**row.attempts, name: attempt(made[row.id])}) if row.id in made else row for row in rows]


def grade_texts(written: Sequence[tuple[Row, str]], processes: int = 2) -> list[tuple[str | None, Outcome]]:
    """The final answers in texts about rows, each graded by its row's kind of answer; unscorable where the row has none.

    Args:
        processes: formulas compared at the same time.

    Raises:
        S1Error: formulas have to be compared, and math-verify does not start.
    """
    said = [extract_answer(text, row.kind) for row, text in written]
    with Grader(processes) as grader:
        graded = list(grader.grade_many((answer, row.answer, row.kind) for answer, (row, _) in zip(said, written, strict=True)))
    outcomes = (found if row.answer.strip() else Outcome.UNSCORABLE for found, (row, _) in zip(graded, written, strict=True))
    return list(zip(said, outcomes, strict=True))


def keep_unsolved(rows: Iterable[Row], models: Sequence[str]) -> list[Row]:
    """The rows that none of the models solved (filter.ipynb cell 9: correct by EITHER drops the row)."""
    return [row for row in rows if not any(row.attempts[model].outcome is Outcome.CORRECT for model in models)]
