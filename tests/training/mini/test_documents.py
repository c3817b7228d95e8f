"""Training documents: the ids the product would build, and a loss that never counts what the product forces."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from s1demo.delimiters import ANSWER_PREFIX, S1, build_prompt, encode_format, split_trace, training_text
from s1demo.settings import EMBEDDED_MODEL
from tests.training.mini.test_chains import RASPBERRY, RECIPE, knobs
from training.mini.language.chains import REFUSAL, refusal_chain, write_chain
from training.mini.language.tokenizer import MiniTokenizer
from training.mini.pretraining.documents import Document, DocumentWriter

QUESTION = "How many r in raspberry?"


@pytest.fixture(scope="module")
def tokenizer() -> MiniTokenizer:
    return MiniTokenizer(Path(EMBEDDED_MODEL))


@pytest.fixture(scope="module")
def writer(tokenizer: MiniTokenizer) -> DocumentWriter:
    return DocumentWriter(tokenizer, knobs(cut_at_zero=0.3))


def document_of(writer: DocumentWriter, n_extensions: int = 0, seed: int = 0, *, cut: bool = False, **slips: float) -> Document:
    chain = write_chain(RASPBERRY, n_extensions, knobs(**slips), Random(seed))
    return writer.write(QUESTION, chain, RASPBERRY.answer, Random(seed), cut=cut)


def assistant(document: Document, tokenizer: MiniTokenizer, question: str) -> tuple[str, list[int]]:
    """The text and the ids after the prompt."""
    prompt = list(build_prompt(question, tokenizer, S1))
    assert document.ids[: len(prompt)] == prompt
    assert not any(document.trained[: len(prompt)])
    return tokenizer.decode(document.ids[len(prompt) :]), document.ids[len(prompt) :]


def test_a_natural_document_is_the_training_text_of_the_format(writer: DocumentWriter, tokenizer: MiniTokenizer) -> None:
    text, _ = assistant(document_of(writer), tokenizer, QUESTION)
    thinking, answer = split_trace(text, S1)
    assert S1.think + text == training_text(thinking, answer.strip()) + (S1.end_of_turn or "")
    assert answer == f"\n{ANSWER_PREFIX}3"


def test_extensions_are_untrained_and_their_ids_are_the_products(writer: DocumentWriter, tokenizer: MiniTokenizer) -> None:
    encoded = encode_format(S1, tokenizer)
    document = document_of(writer, 4)
    places = [n for n, index in enumerate(document.ids) if index == encoded.extension_ids[0]]
    assert len(places) == 4
    for place in places:
        assert document.ids[place - 1] in encoded.line_end_ids
        assert not document.trained[place] and document.trained[place + 1] and document.trained[place - 1]


def test_stop_is_trained_and_the_delimiter_after_it_is_not(writer: DocumentWriter, tokenizer: MiniTokenizer) -> None:
    encoded = encode_format(S1, tokenizer)
    document = document_of(writer)
    stop = max(n for n, index in enumerate(document.ids) if index == encoded.end_ids[0])
    assert tuple(document.ids[stop : stop + len(encoded.end_ids)]) == encoded.end_ids
    assert document.trained[stop] and not any(document.trained[stop + 1 : stop + len(encoded.end_ids)])
    assert all(document.trained[stop + len(encoded.end_ids) :])


def test_the_instruct_stage_counts_the_delimiters_a_model_writes(writer: DocumentWriter, tokenizer: MiniTokenizer) -> None:
    instructs = DocumentWriter(tokenizer, writer.knobs, delimiters=True)
    for cut in (False, True):
        plain, instruct = document_of(writer, 2, cut=cut), document_of(instructs, 2, cut=cut)
        assert plain.ids == instruct.ids
        added = [n for n, (before, now) in enumerate(zip(plain.trained, instruct.trained, strict=True)) if before != now]
        assert all(instruct.trained[n] for n in added)
        prompt = tokenizer.decode(plain.ids[: added[1] + 1])
        assert prompt.endswith(f"assistant\n{S1.think}") and tokenizer.decode([plain.ids[n] for n in added[:2]]) == S1.think
        assert [tokenizer.decode([plain.ids[n]]) for n in added[2:]] == ([] if cut else ["answer"])


def test_cut_documents_end_as_the_product_cuts(writer: DocumentWriter, tokenizer: MiniTokenizer) -> None:
    encoded = encode_format(S1, tokenizer)
    lengths = set()
    for seed in range(60):
        document = document_of(writer, seed % 3, seed, cut=True, draft_slip=0.5)
        _, ids = assistant(document, tokenizer, QUESTION)
        marks = document.trained[len(document.ids) - len(ids) :]
        cut = next(n for n in range(len(ids)) if tuple(ids[n : n + len(encoded.cut_ids)]) == encoded.cut_ids)
        end = cut + len(encoded.cut_ids)
        if cut and ids[cut - 1] in encoded.newline_ids and not marks[cut - 1]:
            cut -= 1  # an untrained newline in front belongs to the forced end
        forced = encoded.forced_end(ids[cut - 1] if cut else None)
        assert tuple(ids[cut:end]) == forced
        assert not any(marks[cut:end]) and all(marks[end:])
        assert tokenizer.decode(ids[end:]) in {f" {n}{S1.end_of_turn}" for n in range(6)}
        lengths.add(cut)
    assert {0, 1} < lengths and len(lengths) > 10


def test_a_cut_behind_a_finished_pass_answers_what_it_concluded(tokenizer: MiniTokenizer) -> None:
    writer, conclusions = DocumentWriter(tokenizer, knobs(cut_at_line_end=1.0)), set()
    for seed in range(30):
        text, _ = assistant(document_of(writer, 2, seed, cut=True, draft_slip=1.0), tokenizer, QUESTION)
        thinking, answer = split_trace(text, S1)
        last = thinking.rstrip().rpartition(" So ")[2].removesuffix(".")
        assert thinking.endswith(f" So {last}.\n") and answer.endswith(f" {last}")
        conclusions.add(last)
    assert len(conclusions) > 1


def test_a_cut_inside_a_pass_answers_what_the_last_finished_one_concluded(tokenizer: MiniTokenizer) -> None:
    writer, answers = DocumentWriter(tokenizer, knobs(cut_at_zero=0.0, cut_at_line_end=0.0)), Counter[str]()
    for seed in range(60):
        text, _ = assistant(document_of(writer, 1, seed, cut=True, draft_slip=1.0), tokenizer, QUESTION)
        thinking, answer = split_trace(text, S1)
        draft, ended, _ = thinking.partition(".\nWait")
        said = answer.rpartition(" ")[2]
        assert said == (draft.rpartition(" So ")[2] if ended else RASPBERRY.answer) or thinking.endswith(".\n")
        answers[said if ended else "truth"] += 1
    assert answers["truth"] > 5 and len(answers) > 2


def test_slipped_digits_are_not_trained(writer: DocumentWriter, tokenizer: MiniTokenizer) -> None:
    document = document_of(writer, seed=1, draft_slip=1.0)
    untrained = [n for n in range(len(document.ids)) if not document.trained[n]]
    after_prompt = [n for n in untrained if n >= len(build_prompt(QUESTION, tokenizer, S1))]
    texts = [tokenizer.texts[document.ids[n]] for n in after_prompt]
    assert len(texts) == 2 and texts[0] in (" 2", " 4") and texts[1] == "answer"
    assert tokenizer.decode(document.ids).endswith(f"{ANSWER_PREFIX}{texts[0].strip()}{S1.end_of_turn}")  # follows from the trace


def test_refusals_are_documents_too(writer: DocumentWriter, tokenizer: MiniTokenizer) -> None:
    document = writer.write("Who are you?", refusal_chain(1), REFUSAL, Random(0))
    text, _ = assistant(document, tokenizer, "Who are you?")
    assert text.endswith(f"{ANSWER_PREFIX}{REFUSAL}{S1.end_of_turn}") and "still not a kind of problem" in text


def test_sampled_documents_fit_and_are_varied(tokenizer: MiniTokenizer) -> None:
    writer, rng = DocumentWriter(tokenizer, RECIPE.documents), Random(5)
    documents = [writer.sample(rng) for _ in range(600)]
    assert max(len(document.ids) for document in documents) <= RECIPE.documents.most_tokens
    texts = [tokenizer.decode(document.ids) for document in documents]
    assert len(set(texts)) == len(texts)
    assert sum(REFUSAL in text for text in texts) > 5 and sum("Final Answer" in text for text in texts) > 100
