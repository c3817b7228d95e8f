"""Training documents: chains of passes as token ids, with a mark on every token that the loss counts.

Knows the working and the delimiters, nothing of models. A document's ids are exactly those the product would have put together at
test time: the prompt of `build_prompt`, the thinking, then either the natural end or the forced one.

The rules that a trace follows, all imposed by this file:
* a problem that looks easy gets a draft only, any other a draft and one check: that is where the model learns to stop;
* a forced extension is followed by a check; once two checks agree, by a short line that says so;
* what the product forces (extensions, delimiters) and slipped values are never targets of the loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from s1demo.delimiters import ANSWER_PREFIX, EXTENSION, S1, EncodedFormat, build_prompt, encode_format
from training.mini.phrasings import phrase
from training.mini.problems import Problem, sample_problem
from training.mini.recipe import DocumentKnobs
from training.mini.scribe import Pass
from training.mini.tokenizer import OTHER_EXTENSIONS, MiniTokenizer
from training.mini.working import METHODS, after_disagreement, confirmation, restatement, write_pass


@dataclass(frozen=True)
class Link:
    """One pass of a chain.

    Attributes:
        extension: the word in front of it; empty for the draft.
        forced: whether the product, not the model, wrote that word.
        working: the pass.
    """

    extension: str
    forced: bool
    working: Pass


@dataclass(frozen=True)
class Document:
    """One training text.

    Attributes:
        ids: prompt, thinking, answer and end of turn.
        trained: for each id, whether the loss counts its prediction.
    """

    ids: list[int]
    trained: list[bool]


def write_chain(problem: Problem, n_extra: int, knobs: DocumentKnobs, rng: Random) -> list[Link]:
    """Work a problem as a draft, the checks that the stop rule asks for and `n_extra` forced continuations.

    Args:
        problem: what to work out.
        n_extra: forced extensions after the natural end.
        knobs: slip rates and the share of traces that begin with the second method.
        rng: source of randomness.

    Returns:
        The chain in order.
    """
    methods = METHODS[problem.domain]
    checks = [(methods.check_a, knobs.check_a_slip), (methods.check_b, knobs.check_b_slip)]
    if rng.random() < knobs.b_first:
        checks.reverse()
    planted = rng.randrange(2) if rng.random() < knobs.disagreement else None
    n_natural = 1 if problem.looks_easy else 2
    chain = [Link("", False, write_pass(problem, methods.draft, rng, knobs.draft_slip))]
    concluded: list[str] = []
    agreed = ""
    for index in range(1, n_natural + n_extra):
        if agreed:
            first_time = len(chain) == len(concluded) + 1
            working = confirmation(concluded) if first_time else restatement(agreed)
        else:
            method, slip_rate = checks[len(concluded) % 2]
            working = write_pass(problem, method, rng, 1.0 if len(concluded) == planted else slip_rate)
            if len(concluded) > 1:
                working = after_disagreement(working, concluded)
            agreed = working.conclusion if working.conclusion in concluded else ""
            concluded.append(working.conclusion)
        forced = index >= n_natural
        word = rng.choice(OTHER_EXTENSIONS) if forced and rng.random() < knobs.other_extension else EXTENSION
        chain.append(Link(word, forced, working))
    return chain


class DocumentWriter:
    """Turns problems into documents for one tokenizer."""

    def __init__(self, tokenizer: MiniTokenizer, knobs: DocumentKnobs) -> None:
        """Encode the delimiters once."""
        self.tokenizer, self.knobs = tokenizer, knobs
        self.format: EncodedFormat = encode_format(S1, tokenizer)

    def sample(self, rng: Random, split: str = "train") -> Document:
        """Draw a problem, a phrasing and a chain, and write the document."""
        weights = self.knobs.domain_weights
        domain = rng.choices(list(weights), list(weights.values()))[0]
        problem = sample_problem(rng, split, domain)
        return self.write(problem, phrase(domain, problem.operands, rng), rng)

    def write(self, problem: Problem, question: str, rng: Random) -> Document:
        """Write one document about a problem.

        Args:
            problem: what is asked.
            question: how it is asked.
            rng: decides chain, slips and cut.
        """
        prompt = list(build_prompt(question, self.tokenizer, S1))
        cut = rng.random() < self.knobs.cut
        weights = self.knobs.extra_waits[:3] if cut else self.knobs.extra_waits  # the product never cuts a long chain
        chain = write_chain(problem, rng.choices(range(len(weights)), weights)[0], self.knobs, rng)
        ids, trained, line_ends = self._thinking(chain)
        if cut:
            at = 0 if rng.random() < self.knobs.cut_at_zero else rng.randrange(len(ids))
            answer = line_ends.get(at, problem.answer)  # after a finished pass what it concluded, in the middle the truth
            ids, trained = ids[:at], trained[:at]
            delimiter = list(self.format.forced_end(ids[-1] if ids else None))
            ids, trained = ids + delimiter, trained + [False] * len(delimiter)
            last = self.tokenizer.encode(f" {answer}")
        else:
            end = list(self.format.end_ids)
            ids, trained = ids + end, trained + [True] + [False] * (len(end) - 1)  # the stop is the model's own, the rest is not
            last = self.tokenizer.encode(f"\n{ANSWER_PREFIX}{chain[-1].working.conclusion}")
        last.append(self.tokenizer.end_of_turn_id)
        return Document(prompt + ids + last, [False] * len(prompt) + trained + [True] * len(last))

    def _thinking(self, chain: list[Link]) -> tuple[list[int], list[bool], dict[int, str]]:
        """The thinking's ids, which of them are trained, and the conclusion at the end of each line."""
        ids, trained, line_ends = self.tokenizer.encode("\n"), [True], {}
        for link in chain:
            if link.extension:
                extension = self.tokenizer.encode(link.extension)
                ids += extension
                trained += [not link.forced] * len(extension)
            working = self.tokenizer.encode(link.working.text)
            ids += working
            counted = self.knobs.train_draft or link.extension
            trained += self._unslipped(working, link.working) if counted else [False] * len(working)
            line_ends[len(ids)] = link.working.conclusion
        return ids, trained, line_ends

    def _unslipped(self, ids: list[int], working: Pass) -> list[bool]:
        """For each id of a pass, whether it holds no character of a slipped value."""
        slipped = [is_slip for text, is_slip in working.pieces for _ in text.encode()]
        marks, position = [], 0
        for index in ids:
            length = len(self.tokenizer.texts[index].encode())
            marks.append(not any(slipped[position : position + length]))
            position += length
        return marks
