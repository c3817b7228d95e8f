"""The questions outside the domains: many, varied, filled in, and none of them a sum after all."""

import re
from random import Random

from training.mini.domains.elsewhere import (
    DRAWN,
    ELSEWHERE_TRAINED,
    ELSEWHERE_UNSEEN,
    SLOT,
    TEMPLATE_SECTIONS,
    sample_elsewhere,
    sections,
)

SUM = re.compile(r"\d\s*[-+×*−]\s*\d|\d (plus|minus|times) \d")


def test_templates_are_many_and_unlike() -> None:
    assert len(set(ELSEWHERE_TRAINED)) == len(ELSEWHERE_TRAINED) >= 300
    assert len(set(ELSEWHERE_UNSEEN)) == len(ELSEWHERE_UNSEEN) >= 80
    plain = {SLOT.sub("", template).lower() for template in ELSEWHERE_TRAINED}
    assert not [template for template in ELSEWHERE_UNSEEN if SLOT.sub("", template).lower().strip() in plain - {""}]


def test_every_slot_is_known_and_used() -> None:
    words = {name: lines for name, lines in sections().items() if name not in TEMPLATE_SECTIONS}
    assert len({word for lines in words.values() for word in lines}) >= 400
    assert all(word.strip() == word != "" for lines in words.values() for word in lines)
    slots = {slot.lower() for template in ELSEWHERE_TRAINED for slot in SLOT.findall(template)}
    assert slots == set(words) | set(DRAWN)


def test_questions_are_varied_and_whole() -> None:
    for unseen, least in ((False, 2600), (True, 90)):
        questions = [sample_elsewhere(Random(f"{unseen} {index}"), unseen=unseen) for index in range(3000)]
        assert len(set(questions)) > least
        assert all(question.strip("?. ") and "\n" not in question and not SLOT.search(question) for question in questions)
        assert max(map(len, questions)) < 200


def test_questions_are_no_sums() -> None:
    questions = [sample_elsewhere(Random(index), unseen=index % 5 == 0) for index in range(4000)]
    sums = [question for question in questions if SUM.search(question)]
    assert len(sums) < 10, sums  # now and then in random characters


def test_same_seed_same_question() -> None:
    assert [sample_elsewhere(Random(index)) for index in range(50)] == [sample_elsewhere(Random(index)) for index in range(50)]
