"""Asking a remote model about thousands of rows: what it costs first, then every reply into a journal, and what is missing.

A killed or failed run loses nothing that was written and asks nothing again that has a usable reply. An unusable reply is kept
with its fault and asked again, up to a limit; it never becomes a trace, a domain or a grade. Knows no rows; a task is prompts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from s1demo.decoding.merged import map_or_cancel
from s1demo.engines.servers.completions import Refusal, ServerFault
from s1demo.errors import EngineError, InputError, S1Error
from s1demo.evals.journal import Journal, records
from training.remote.endpoint import ChatEndpoint
from training.remote.endpoint_settings import EndpointSettings
from training.remote.estimate import Task, cost_of, estimate_requests
from training.remote.replies import Reply, ReplyFault, check_reply

T = TypeVar("T")
_FAULTS_IN_A_ROW = 20  # unusable replies without a usable one between: the endpoint is not what the recipe says
_FAILURES_IN_A_ROW = 5  # questions given up, each after all its tries, without a reply between: the endpoint is down
_OF_ONE_QUESTION = (400, 403, 413, 422, 451)  # too long, or its content refused; before anything went through: the recipe's


def ask_all(task: Task[Any], prompts: Mapping[str, str], path: Path, settings: EndpointSettings) -> None:
    """Ask what the journal has no usable reply for yet; each reply is written as soon as it is there.

    Args:
        prompts: by id.

    Raises:
        InputError: the journal is another model's, the API key is missing, or the run would cost more than `most_cost`.
        EngineError: the endpoint refuses or fails for good, or too many questions stay without a usable reply. What came is in
            the journal; starting again asks for the rest.
    """
    header = {"task": task.name, **settings.how(), "system": sha256(task.system.encode()).hexdigest()[:16]}
    with Journal(path, header) as journal:
        run = _Run(task, prompts, journal, settings)
        run.say(f"{task.name}: {run.n_good:,} of {len(prompts):,} questions have a reply in {path}.")
        if run.todo:
            run.refuse_if_too_dear()
            asyncio.run(run.ask())
        run.conclude()


class _Run:
    """One run over a journal: what is done, what is to do, what went wrong."""

    def __init__(self, task: Task[Any], prompts: Mapping[str, str], journal: Journal, settings: EndpointSettings) -> None:
        self._task, self._prompts, self._journal, self._settings = task, prompts, journal, settings
        self._good: set[str] = set()
        self._faults: Counter[str] = Counter()  # unusable replies by id
        self._lacking: dict[str, str] = {}  # why there is no usable reply, by id
        self._tokens_in = self._tokens_out = 0
        self._faults_in_a_row = self._failures_in_a_row = 0
        self._stopped_by: S1Error | None = None
        for record in records(journal.path):
            self._note(record)
        open_ids = (key for key in prompts if key not in self._good and self._faults[key] < settings.most_faults)
        self.todo = sorted(open_ids, key=lambda key: self._faults[key])  # what failed before comes last

    @property
    def n_good(self) -> int:
        """Questions of this run that have a usable reply."""
        return len(self._good & self._prompts.keys())

    def say(self, sentence: str) -> None:
        """Tell whoever watches, without spoiling the bar."""
        from tqdm import tqdm

        tqdm.write(sentence)

    def refuse_if_too_dear(self) -> None:
        """Say what the rest would take, before anything is sent.

        Raises:
            InputError: more than the recipe allows.
        """
        expected = estimate_requests(self._task, (self._prompts[key] for key in self.todo), self._settings)
        self.say(f"{self._task.name}: {expected}")
        most, spent = self._settings.most_cost, self._spent()
        if most is not None and expected.cost is not None and expected.cost + spent > most:
            so_far = f", after {spent:,.2f} already spent" if spent else ""
            raise InputError(
                f"{self._task.name} would cost about {expected.cost:,.2f} {expected.currency}{so_far}; the recipe allows "
                f"{most:,.2f}. Raise most_cost, ask about fewer rows, or take a cheaper model."
            )

    async def ask(self) -> None:
        """Ask everything that is to do, many at a time."""
        from tqdm import tqdm

        mean = self._settings.mean_tokens_out or self._task.mean_tokens_out
        with tqdm(total=len(self._prompts), initial=self.n_good, desc=self._task.name) as bar:
            async with ChatEndpoint(self._settings, mean) as endpoint:

                async def one(key: str) -> None:
                    await self._settle(key, endpoint)
                    bar.update(key in self._good)
                    bar.set_postfix(unusable=self._faults.total(), refresh=False)

                await map_or_cancel(one, self.todo, self._settings.max_concurrent)

    async def _settle(self, key: str, endpoint: ChatEndpoint) -> None:
        """Ask one question until it has a usable reply, or enough unusable ones, or cannot be asked now; not in a stopped run."""
        while self._stopped_by is None and self._faults[key] < self._settings.most_faults:
            reply, record = None, {"id": key}
            try:
                reply = await endpoint.ask(self._prompts[key], self._task.system)
                check_reply(reply, (self._settings.model, *self._settings.served_as))
                self._task.read(reply)
            except ReplyFault as fault:
                record["fault"] = str(fault)
            except Refusal as refusal:
                if refusal.status not in _OF_ONE_QUESTION or not self._good:
                    self._stop(endpoint, _refused(refusal, self._settings))
                else:
                    self._keep({"id": key, "fault": f"refused (HTTP {refusal.status})", "reason": str(refusal)})
                    self._stop_if_hopeless(endpoint)
                return
            except ServerFault as fault:
                self._lacking[key] = str(fault)
                self._failures_in_a_row += 1
                if self._stopped_by is None and self._failures_in_a_row >= _FAILURES_IN_A_ROW:
                    self._stop(endpoint, EngineError(f"The endpoint does not answer ({fault})."))
                return
            except EngineError as error:
                self._lacking[key] = str(error)
                self._stop(endpoint, error)
                return
            self._keep({**record, **(asdict(reply) if reply else {})})
            self._stop_if_hopeless(endpoint)
            if key in self._good:
                return

    def _keep(self, record: Mapping[str, Any]) -> None:
        self._journal.append(record)
        self._note(record)
        self._failures_in_a_row = 0
        self._faults_in_a_row = self._faults_in_a_row + 1 if "fault" in record else 0

    def _note(self, record: Mapping[str, Any]) -> None:
        """Count a record, of this run or an earlier one."""
        key = record["id"]
        self._tokens_in += record.get("tokens_in", 0)
        self._tokens_out += record.get("tokens_out", 0)
        if "fault" in record:
            self._faults[key] += 1
            self._lacking[key] = record["fault"]
        else:
            self._good.add(key)

    def _spent(self) -> float:
        return cost_of(self._tokens_in, self._tokens_out, self._settings) or 0.0

    def _stop_if_hopeless(self, endpoint: ChatEndpoint) -> None:
        if self._faults_in_a_row >= _FAULTS_IN_A_ROW:
            last = list(self._lacking.values())[-1]
            self._stop(
                endpoint,
                EngineError(
                    f"{_FAULTS_IN_A_ROW} replies in a row cannot be used, the last one: {last}. Check url and model in the "
                    "recipe, name another spelling of the model in served_as, or raise max_tokens where replies are cut."
                ),
            )
        elif self._settings.most_cost is not None and self._spent() > self._settings.most_cost:
            spent = f"{self._spent():,.2f} {self._settings.currency}"
            self._stop(endpoint, EngineError(f"The replies so far cost {spent}, more than most_cost in the recipe."))

    def _stop(self, endpoint: ChatEndpoint, error: S1Error) -> None:
        """Send nothing any more; what is under way may end, since it is paid for."""
        if self._stopped_by is None:
            self._stopped_by = error
            self.say(f"{self._task.name}: stopping. {error}")
        endpoint.stop()

    def conclude(self) -> None:
        """Say what is there and what is missing.

        Raises:
            EngineError: the run was stopped, or too much is missing.
        """
        missing = [key for key in self._prompts if key not in self._good]
        reasons = Counter(self._lacking.get(key, "not asked") for key in missing)
        causes = ", ".join(f"{count:,} x {reason}" for reason, count in reasons.most_common(5))
        where = f"{self.n_good:,} of {len(self._prompts):,} replies are in {self._journal.path}"
        if self._stopped_by is not None:
            raise type(self._stopped_by)(f"{self._stopped_by} {where}; start again to ask for the rest.") from self._stopped_by
        if len(missing) > self._settings.may_lack * len(self._prompts):
            raise EngineError(
                f"{self._task.name}: {where}; {len(missing):,} are missing ({causes}). Start again to ask for those that had "
                f"fewer than {self._settings.most_faults} unusable replies, or raise may_lack to go on without them."
            )
        if missing:
            self.say(f"{self._task.name}: {where}; {len(missing):,} are missing ({causes}).")


def _refused(refusal: Refusal, settings: EndpointSettings) -> S1Error:
    """The sentence for people."""
    status, reason, variable = refusal.status, str(refusal).rstrip("."), settings.api_key_variable
    if status == 401 and variable:
        return EngineError(f"The endpoint refuses the API key: {reason}. Correct the environment variable {variable}.")
    if status == 401:
        return EngineError(f"The endpoint wants an API key: {reason}. Name the variable that holds it: api_key_variable.")
    if status == 402:
        return EngineError(f"The endpoint's account has no money left: {reason}. Top it up.")
    if status in _OF_ONE_QUESTION:
        sentence = f"The endpoint refuses the request with HTTP {status}: {reason}."
        return InputError(f"{sentence} Correct max_tokens, extra, model and the key in the recipe.")
    return EngineError(f"The endpoint answers with HTTP {status}: {reason}. Correct url and model in the recipe.")


def readings(task: Task[T], path: Path) -> dict[str, T]:
    """What the usable replies of a journal say, by id; one that the task does not take any more is left out.

    Raises:
        InputError: the file cannot be read.
    """
    found: dict[str, T] = {}
    for key, reply in good_replies(path):
        with suppress(ReplyFault):
            found[key] = task.read(reply)
    return found


def good_replies(path: Path) -> Iterator[tuple[str, Reply]]:
    """The usable replies of a journal, with their ids; the last one counts where an id has several.

    Raises:
        InputError: the file cannot be read.
    """
    return ((record["id"], Reply.from_dict(record)) for record in records(path) if "fault" not in record)


def count_faults(path: Path) -> dict[str, int]:
    """How often each fault occurs in a journal, for the funnel; a question may have several."""
    return dict(Counter(record["fault"] for record in records(path) if "fault" in record).most_common())
