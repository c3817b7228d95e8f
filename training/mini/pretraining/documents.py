"""Pre-training documents: chains of passes as token ids, with a mark on every token that the loss counts.

Knows the chains and the delimiters, nothing of models. A document's ids are exactly those the product would have put together at
test time: the prompt of `build_prompt`, the thinking, then either the natural end or the forced one. Imposed by this file:
* the base stops by itself after each pass, so after its draft: every extension in a document is a forced one;
* what the product forces (extensions, "Final Answer:") and slipped values are never targets of the loss;
* the delimiters of a turn are targets in the last stage only, which makes an instruct model of the base.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from s1demo.delimiters import ANSWER_PREFIX, S1, EncodedFormat, build_prompt, encode_format
from training.mini.domains import DOMAINS
from training.mini.domains.elsewhere import sample_elsewhere
from training.mini.domains.scribe import Pass
from training.mini.language.chains import Link, refusal_chain, write_chain
from training.mini.language.tokenizer import MiniTokenizer
from training.mini.problems import sample_problem
from training.mini.recipe import DocumentKnobs
from training.mini.wording.phrasings import phrase, vary


@dataclass(frozen=True)
class Document:
    """One training text.

    Attributes:
        ids: prompt, thinking, answer and end of turn.
        trained: for each id, whether the loss counts its prediction.
    """

    ids: list[int]
    trained: list[bool]


class DocumentWriter:
    """Turns problems into documents for one tokenizer."""

    def __init__(self, tokenizer: MiniTokenizer, knobs: DocumentKnobs, *, delimiters: bool = False) -> None:
        """Encode the delimiters once; `delimiters` says whether the loss counts those that a tuned model writes itself."""
        self.tokenizer, self.knobs, self.delimiters = tokenizer, knobs, delimiters
        self.format: EncodedFormat = encode_format(S1, tokenizer)
        self.n_start_ids = len(tokenizer.encode(S1.think, special=True))

    def sample(self, rng: Random, split: str = "train") -> Document:
        """Draw a problem, a phrasing and a chain, and write the document; drawn again until it is short enough."""
        while True:
            document = self._draw(rng, split)
            if len(document.ids) <= self.knobs.most_tokens:
                return document

    def _draw(self, rng: Random, split: str) -> Document:
        cut = rng.random() < self.knobs.cut
        weights = self.knobs.extra_waits[:3] if cut else self.knobs.extra_waits  # the product never cuts a long chain
        n_extensions = rng.choices(range(len(weights)), weights)[0]
        if rng.random() < self.knobs.elsewhere:
            chain = refusal_chain(n_extensions)
            return self.write(vary(sample_elsewhere(rng), rng), chain, chain[0].working.conclusion, rng, cut=cut)
        domains = self.knobs.domain_weights
        problem = sample_problem(rng, split, rng.choices(list(domains), list(domains.values()))[0])
        question = phrase(DOMAINS[problem.domain], problem.operands, rng)
        return self.write(question, write_chain(problem, n_extensions, self.knobs, rng), problem.answer, rng, cut=cut)

    def write(self, question: str, chain: Sequence[Link], answer: str, rng: Random, *, cut: bool = False) -> Document:
        """Write one document.

        Args:
            question: what the user asks.
            chain: the thinking.
            answer: the truth, given when the thinking is cut inside its first pass; later, what the last finished one concluded.
            rng: decides where the thinking is cut.
            cut: end the thinking at a random token, as a budget does.
        """
        prompt = list(build_prompt(question, self.tokenizer, S1))
        ids, trained, line_ends = self._thinking(chain)
        if cut:
            at = self._cut_position(rng, len(ids), list(line_ends))
            finished = [conclusion for end, conclusion in line_ends.items() if end <= at]
            answer = finished[-1] if finished else answer
            ids, trained = ids[:at], trained[:at]
            delimiter = list(self.format.forced_end(ids[-1] if ids else None))
            ids, trained = ids + delimiter, trained + [False] * len(delimiter)
            last = self.tokenizer.encode(f" {answer}")
        else:
            end = list(self.format.end_ids)
            ids, trained = ids + end, trained + [True] + [self.delimiters] * (len(end) - 1)  # the stop is always the model's own
            last = self.tokenizer.encode(f"\n{ANSWER_PREFIX}{chain[-1].working.conclusion}")
        last.append(self.tokenizer.end_of_turn_id)
        asked = [False] * (len(prompt) - self.n_start_ids) + [self.delimiters] * self.n_start_ids
        return Document(prompt + ids + last, asked + trained + [True] * len(last))

    def _cut_position(self, rng: Random, n_tokens: int, line_ends: Sequence[int]) -> int:
        """How many tokens of thinking a budget leaves: none, up to the end of a pass, or any number."""
        dice = rng.random()
        if dice < self.knobs.cut_at_zero:
            return 0
        return rng.choice(line_ends) if dice < self.knobs.cut_at_zero + self.knobs.cut_at_line_end else rng.randrange(n_tokens)

    def _thinking(self, chain: Sequence[Link]) -> tuple[list[int], list[bool], dict[int, str]]:
        """The thinking's ids, which of them are trained, and the conclusion at the end of each line."""
        ids, trained, line_ends = self.tokenizer.encode("\n"), [True], {}
        for link in chain:
            if link.extension:
                extension = self.tokenizer.encode(link.extension)
                ids += extension
                trained += [False] * len(extension)
            working = self.tokenizer.encode(link.working.text)
            ids += working
            trained += self._unslipped(working, link.working) if link.trained else [False] * len(working)
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
