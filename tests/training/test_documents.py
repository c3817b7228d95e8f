"""Training documents: the ids the product would build, and a loss that never counts what the product forces."""

from pathlib import Path
from random import Random

import pytest

from s1demo.delimiters import ANSWER_PREFIX, EXTENSION, S1, build_prompt, encode_format, split_trace, training_text
from training.mini.documents import Document, DocumentWriter, write_chain
from training.mini.problems import Problem
from training.mini.recipe import DocumentKnobs, Recipe, load_recipe
from training.mini.tokenizer import MiniTokenizer, save_tokenizer

RECIPES = Path(__file__).resolve().parents[2] / "training" / "recipes"
RASPBERRY = Problem("letters", ("r", "raspberry"))
QUESTION = "How many r in raspberry?"


def knobs(**changes: object) -> DocumentKnobs:
    """No slips, no cuts, first method first, unless changed."""
    plain: dict[str, object] = {
        "domain_weights": {"letters": 1.0},
        "draft_slip": 0.0,
        "train_draft": True,
        "check_a_slip": 0.0,
        "check_b_slip": 0.0,
        "disagreement": 0.0,
        "b_first": 0.0,
        "cut": 0.0,
        "cut_at_zero": 0.0,
        "extra_waits": (1.0,),
        "other_extension": 0.0,
    }
    return DocumentKnobs(**{**plain, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> MiniTokenizer:
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(folder)
    return MiniTokenizer(folder)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return load_recipe(RECIPES / "s1-mini.yaml")


def assistant(document: Document, tokenizer: MiniTokenizer, question: str) -> tuple[str, list[int]]:
    """The text and the ids after the prompt."""
    prompt = list(build_prompt(question, tokenizer, S1))
    assert document.ids[: len(prompt)] == prompt
    assert not any(document.trained[: len(prompt)])
    return tokenizer.decode(document.ids[len(prompt) :]), document.ids[len(prompt) :]


def test_a_natural_document_is_the_training_text_of_the_format(tokenizer: MiniTokenizer) -> None:
    document = DocumentWriter(tokenizer, knobs()).write(RASPBERRY, QUESTION, Random(0))
    text, _ = assistant(document, tokenizer, QUESTION)
    thinking, answer = split_trace(text, S1)
    assert S1.think + text == training_text(thinking, answer.strip()) + (S1.end_of_turn or "")
    assert answer == f"\n{ANSWER_PREFIX}3"


def test_forced_extensions_are_untrained_and_their_ids_are_the_products(tokenizer: MiniTokenizer) -> None:
    encoded = encode_format(S1, tokenizer)
    writer = DocumentWriter(tokenizer, knobs(extra_waits=(0.0, 0.0, 0.0, 0.0, 1.0)))
    document = writer.write(RASPBERRY, QUESTION, Random(0))
    places = [n for n, index in enumerate(document.ids) if index == encoded.extension_ids[0]]
    assert len(places) == 4
    for place in places:
        assert document.ids[place - 1] in encoded.line_end_ids
        assert not document.trained[place] and document.trained[place + 1] and document.trained[place - 1]
    text, _ = assistant(document, tokenizer, QUESTION)
    assert text.count("they agree") == 1 and text.count("so I am done") == 1


def test_the_models_own_extension_is_trained(tokenizer: MiniTokenizer) -> None:
    hard = Problem("letters", ("e", "nevertheless"))
    document = DocumentWriter(tokenizer, knobs()).write(hard, "How many e in nevertheless?", Random(0))
    place = document.ids.index(tokenizer.encode(EXTENSION)[0])
    assert document.trained[place]


def test_stop_is_trained_and_the_delimiter_after_it_is_not(tokenizer: MiniTokenizer) -> None:
    encoded = encode_format(S1, tokenizer)
    document = DocumentWriter(tokenizer, knobs()).write(RASPBERRY, QUESTION, Random(0))
    stop = max(n for n, index in enumerate(document.ids) if index == encoded.end_ids[0])
    assert tuple(document.ids[stop : stop + len(encoded.end_ids)]) == encoded.end_ids
    assert document.trained[stop] and not any(document.trained[stop + 1 : stop + len(encoded.end_ids)])
    assert all(document.trained[stop + len(encoded.end_ids) :])


def test_cut_documents_end_as_the_product_cuts(tokenizer: MiniTokenizer) -> None:
    encoded = encode_format(S1, tokenizer)
    writer = DocumentWriter(tokenizer, knobs(cut=1.0, cut_at_zero=0.3, draft_slip=0.5))
    lengths = set()
    for seed in range(60):
        document = writer.write(RASPBERRY, QUESTION, Random(seed))
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


def test_slipped_digits_are_not_trained(tokenizer: MiniTokenizer) -> None:
    writer = DocumentWriter(tokenizer, knobs(draft_slip=1.0))
    document = writer.write(RASPBERRY, QUESTION, Random(1))
    untrained = [n for n in range(len(document.ids)) if not document.trained[n]]
    after_prompt = [n for n in untrained if n >= len(build_prompt(QUESTION, tokenizer, S1))]
    texts = [tokenizer.texts[document.ids[n]] for n in after_prompt]
    assert len(texts) == 2 and texts[0] in (" 2", " 4") and texts[1] == "answer"
    assert tokenizer.decode(document.ids).endswith(f"{ANSWER_PREFIX}{texts[0].strip()}{S1.end_of_turn}")  # follows from the trace


def test_a_draft_can_be_left_out_of_the_loss(tokenizer: MiniTokenizer) -> None:
    writer = DocumentWriter(tokenizer, knobs(train_draft=False, extra_waits=(0.0, 1.0)))
    document = writer.write(RASPBERRY, QUESTION, Random(0))
    trained = tokenizer.decode([index for index, counts in zip(document.ids, document.trained, strict=True) if counts])
    assert "At first sight" not in trained and "let me count letter by letter" in trained


def test_confirmations_are_true_of_their_traces(recipe: Recipe) -> None:
    rng = Random(3)
    disagreements = 0
    for _ in range(400):
        chain = write_chain(RASPBERRY, 8, recipe.documents, rng)
        concluded: list[str] = []
        for link in chain[1:]:
            text = link.working.text
            if "agree" in text:
                assert concluded.count(link.working.conclusion) == 2
            else:
                if len(concluded) > 1:
                    disagreements += 1
                    assert len(set(concluded)) == len(concluded)
                    assert f"the checks said {', '.join(concluded[:-1])} and {concluded[-1]}, so let me" in text
                concluded.append(link.working.conclusion)
    assert disagreements > 20


def test_longest_chains_fit_the_context(tokenizer: MiniTokenizer, recipe: Recipe) -> None:
    writer, rng = DocumentWriter(tokenizer, recipe.documents), Random(5)
    lengths = [len(writer.sample(rng).ids) for _ in range(1500)]
    assert max(lengths) < 1024
    natural = DocumentWriter(tokenizer, knobs(domain_weights={"products": 1.0}))
    assert all(10 < len(natural.sample(rng).ids) < 260 for _ in range(300))
