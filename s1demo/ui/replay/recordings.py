"""Recorded runs: the shipped ones, files that visitors bring, and links that carry a trace. All of it is checked here.

Pure but for reading the shipped file. Nothing that a visitor brings is kept.
"""

from __future__ import annotations

import base64
import binascii
import functools
import itertools
import json
import math
import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from s1demo.budget import AUTO
from s1demo.engines import Engine
from s1demo.engines.base import EngineTokenizer
from s1demo.errors import InputError, S1Error
from s1demo.events import Origin, Phase
from s1demo.policies import EXTENDED, NATURAL, TRUNCATED
from s1demo.settings import EMBEDDED_MODEL, EMBEDDED_RECORDING
from s1demo.traces import Trace
from s1demo.ui.stream.verdicts import given_answer

ROLES = (TRUNCATED, NATURAL, EXTENDED)  # left to right, as in a comparison
MAX_FILE_BYTES = 8_000_000
MAX_RECORDINGS = 200  # of one file
MAX_LINK_CHARACTERS = 8_000
MAX_SECONDS = 86_400.0
_LARGEST = 2**31
_PHASE_ORDER = {Phase.THINKING: 0, Phase.DELIMITER: 1, Phase.ANSWER: 2}

NOT_A_FILE_OF_TRACES = (
    "This is no file of saved traces. Bring one that the “save” button wrote, or what `s1demo compare --json` prints."
)
TOO_LARGE = f"This file is larger than {MAX_FILE_BYTES // 1_000_000} MB, the most that is read here. Bring one with fewer traces."
BROKEN_LINK = "This link does not hold a whole trace; it was probably cut on its way. Ask for it again, or for the file."


@dataclass(frozen=True)
class Recording:
    """Up to three runs of one question that are shown side by side.

    Attributes:
        id: short and without spaces, unique among the recordings it was read with.
        question: what was asked.
        runs: by role, in the order of `ROLES`.
        answers_so_far: by (role, number of the Wait), the text the run would have answered there, where that is known.
        true_answer: what a visitor gave as such when it was recorded, "" for nothing; untrusted.
    """

    id: str
    question: str
    runs: dict[str, Trace]
    answers_so_far: dict[tuple[str, int], str]
    true_answer: str = ""


def shipped_recordings(path: Path = Path(EMBEDDED_RECORDING)) -> dict[str, Recording]:
    """The recordings that come with the exhibit, by id; none where the file is missing.

    Raises:
        InputError: the file is damaged.
    """
    if not path.is_file():
        return {}
    return {recording.id: recording for recording in recordings_in(path.read_text(encoding="utf-8"))}


def recordings_in(text: str) -> list[Recording]:
    """The recordings in the text of a file: JSON, or JSON lines, of traces.

    Args:
        text: untrusted. A trace, a list of traces, {"traces": [...]}, {"runs": {name: trace}}, or lines of such objects.
            Beside "traces" there may be "answers_so_far" and "true_answer".

    Returns:
        At least one and at most `MAX_RECORDINGS`.

    Raises:
        InputError: one sentence on what is wrong.
    """
    if len(text) > MAX_FILE_BYTES or len(text.encode("utf-8", "replace")) > MAX_FILE_BYTES:
        raise InputError(TOO_LARGE)
    sets = [_traces_of(value) for value in _json_values(text)]
    if not any(traces for traces, _, _ in sets):
        raise InputError(NOT_A_FILE_OF_TRACES)
    taken: set[str] = set()
    recordings: list[Recording] = []
    for traces, answers, true_answer in sets:
        for runs in side_by_side(traces):
            question = next(iter(runs.values())).question
            before = recordings[-1] if recordings else None
            if len(traces) == 1 and before and _goes_with(traces[0], before.runs):  # a line for each run
                before.runs.update(_ordered({**before.runs, **runs}))
            else:
                recordings.append(Recording(_free_id(question, taken), question, runs, answers, true_answer))
    return [replace(recording, runs=_ordered(recording.runs)) for recording in recordings[:MAX_RECORDINGS]]


def _json_values(text: str) -> list[Any]:
    """The text as one JSON value, or else as one value a line."""
    try:
        return [json.loads(text)]
    except RecursionError as error:
        raise InputError(NOT_A_FILE_OF_TRACES) from error
    except ValueError:
        pass
    values = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                values.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                where = f"line {number} is not JSON" if values else "it is not JSON"
                raise InputError(f"{NOT_A_FILE_OF_TRACES} ({where}.)") from error
    return values


def _traces_of(value: Any) -> tuple[list[Trace], dict[tuple[str, int], str], str]:
    """The traces in one JSON value, checked, and the answers so far and the true answer that were saved with them."""
    records, answers, true_answer = [value], {}, ""
    if isinstance(value, list):
        records = value
    elif isinstance(value, dict) and isinstance(value.get("traces"), list):
        records, answers = value["traces"], _answers_of(value.get("answers_so_far"))
        true_answer = given_answer(value.get("true_answer")) if isinstance(value.get("true_answer"), str) else ""
    elif isinstance(value, dict) and isinstance(value.get("runs"), dict):
        records = list(value["runs"].values())
    elif not isinstance(value, dict) or "token_ids" not in value:
        raise InputError(NOT_A_FILE_OF_TRACES)
    traces = [Trace.from_dict(record) for record in records]
    for trace in traces:
        check_playable(trace)
    one_question = len({trace.question for trace in traces}) == 1  # else it is unknown which question it answers
    return traces, answers, true_answer if one_question else ""


def _answers_of(items: Any) -> dict[tuple[str, int], str]:
    """Answers so far as the "save" button writes them; what cannot be read is left out."""
    known = {}
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            run, number, text = item.get("run"), item.get("wait_number"), item.get("answer_text")
            if isinstance(run, str) and isinstance(number, int) and isinstance(text, str):
                known[run, number] = text
    return known


def check_playable(trace: Trace) -> None:
    """Refuse a trace whose parts contradict each other.

    Raises:
        InputError: what is wrong with it.
    """
    seconds = [*trace.token_seconds, trace.seconds]
    order = [_PHASE_ORDER[phase] for phase in trace.phases]
    forced = [origin is Origin.FORCED for origin in trace.origins]
    if not all(isinstance(s, int | float) and math.isfinite(s) and 0 <= s <= MAX_SECONDS for s in seconds):
        _damaged("a time in it is no number of seconds")
    if any(later < earlier for earlier, later in itertools.pairwise(seconds)):
        _damaged("its times do not grow")
    if order != sorted(order):
        _damaged("thinking, delimiter and answer are mixed up")
    after_thinking = list(zip(forced, trace.phases, strict=True))[trace.thinking_tokens :]
    if any(is_forced != (phase is Phase.DELIMITER) for is_forced, phase in after_thinking):
        _damaged("forced and sampled tokens are mixed up")
    positions = trace.wait_positions
    starts = [i for i in range(trace.thinking_tokens) if forced[i] and not (i and forced[i - 1])]
    grows = all(earlier < later for earlier, later in itertools.pairwise([-1, *positions, trace.thinking_tokens + 1]))
    if not grows or trace.waits_used != len(positions) or starts != (positions if trace.policy.extension else []):
        _damaged("its Waits are not where its forced tokens are")
    if trace.policy.extension and trace.thinking_text.count(trace.policy.extension) < len(positions):
        _damaged("its text lacks a word that was forced")
    if trace.end_of_thinking is None and trace.thinking_tokens < len(order):
        _damaged("it does not say why its thinking ended")
    if trace.finish_reason is not None and trace.end_of_thinking is None:
        _damaged("it is finished, but its thinking is not")
    if not 0 <= trace.thinking_budget < _LARGEST or not all(0 <= i < _LARGEST for i in trace.token_ids):
        _damaged("a number in it is out of range")


def _damaged(what: str) -> None:
    raise InputError(f"This recorded trace is damaged: {what}. Record it again.")


def side_by_side(traces: Sequence[Trace]) -> list[dict[str, Trace]]:
    """Neighbouring traces of one question as comparisons, by role; each role is taken at most once in each."""
    groups: list[dict[str, Trace]] = []
    if len(traces) == len(ROLES) and all(_same_experiment(traces[0], trace) for trace in traces) and _is_comparison(traces):
        return [dict(zip(ROLES, traces, strict=True))]
    for trace in traces:
        if groups and _goes_with(trace, groups[-1]):
            groups[-1][role(trace)] = trace
        else:
            groups.append({role(trace): trace})
    return [_ordered(group) for group in groups]


def _is_comparison(traces: Sequence[Trace]) -> bool:
    """Compare's three runs keep their places where its sliders say `auto` or no Wait, too."""
    places = zip(traces, ({TRUNCATED, NATURAL}, {NATURAL}, {NATURAL, EXTENDED}), strict=True)
    return all(role(trace) in allowed for trace, allowed in places)


def _goes_with(trace: Trace, runs: dict[str, Trace]) -> bool:
    return role(trace) not in runs and _same_experiment(next(iter(runs.values())), trace)


def _ordered(runs: dict[str, Trace]) -> dict[str, Trace]:
    return {name: runs[name] for name in ROLES if name in runs}


def role(trace: Trace) -> str:
    """What was done to the thinking of a run: truncated, natural or extended."""
    if trace.policy.num_ignore:
        return EXTENDED
    return NATURAL if trace.policy.max_thinking_tokens == AUTO else TRUNCATED


def _same_experiment(one: Trace, other: Trace) -> bool:
    return (one.question, one.model, one.sampling) == (other.question, other.model, other.sampling)


def _free_id(question: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", question[:200].replace("×", " times ")).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "recording"
    words = words if len(words) <= 40 else words[:40].rpartition("-")[0] or words[:40]
    name, n = words, 1
    while name in taken:
        n += 1
        name = f"{words}-{n}"
    taken.add(name)
    return name


def packed(traces: Sequence[Trace], true_answer: str = "") -> str:
    """Traces, and the true answer given with them, as text that fits behind the # of a link; it may be longer than
    `MAX_LINK_CHARACTERS`."""
    saved = {"traces": [trace.to_dict() for trace in traces], **({"true_answer": true_answer} if true_answer else {})}
    text = json.dumps(saved, ensure_ascii=False, separators=(",", ":"))
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.urlsafe_b64encode(deflate.compress(text.encode()) + deflate.flush()).decode().rstrip("=")


def unpacked(link_text: str) -> str:
    """What `packed` was given, as the text of a file.

    Args:
        link_text: untrusted.

    Raises:
        InputError: the text is damaged or far too long.
    """
    if len(link_text) > 2 * MAX_LINK_CHARACTERS:
        raise InputError(BROKEN_LINK)
    try:
        data = base64.b64decode(link_text + "=" * (-len(link_text) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj(-15)
        text = inflate.decompress(data, MAX_FILE_BYTES)  # never more, however little it was packed into
        if not inflate.eof or inflate.unused_data:
            raise InputError(BROKEN_LINK)
        return text.decode("utf-8")
    except (binascii.Error, zlib.error, ValueError) as error:
        raise InputError(BROKEN_LINK) from error


def tokenizer_of(engine: Engine, model: str) -> EngineTokenizer | None:
    """The tokenizer of a recorded model, None where it is neither the running model nor the embedded one."""
    if model == engine.info.model:
        return engine.tokenizer
    return _embedded_tokenizer() if model == Path(EMBEDDED_MODEL).name else None


@functools.cache
def _embedded_tokenizer() -> EngineTokenizer | None:
    from s1demo.engines.tokenization import HubTokenizer

    try:
        return HubTokenizer(EMBEDDED_MODEL)
    except S1Error:  # an exhibit without the embedded model's files
        return None
