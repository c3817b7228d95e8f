"""Domains: a model puts every question into one class of the Mathematics Subject Classification (paper section 2.2, diversity).

The paper asked Claude 3.5 Sonnet, with a description of every class (data/featurization.py, data/msc.json). Our prompt is our own
and names code and title of each; as there, the code is the last two characters of the reply. A reply that ends in no code is a
fault and asked again, never a class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import yaml

from training.curation.records import Row
from training.remote.asking import readings
from training.remote.estimate import Task, prompt_paragraphs
from training.remote.replies import Reply, ReplyFault

MSC_CLASSES: dict[str, str] = yaml.safe_load(Path(__file__).with_name("msc.yaml").read_text(encoding="utf-8"))
_LAST_CODE = re.compile(r"(?<!\d)(\d\d)$")  # featurization.py: completion[-2:]; a year's last digits are no code
_DECORATION = " \t\r\n*.`"
_SUBJECTS = "\n".join(f"{code} {title}" for code, title in MSC_CLASSES.items())
SYSTEM = f"\n\n{_SUBJECTS}\n\n".join(prompt_paragraphs(Path(__file__).with_name("domains.md")))


def code_of(reply: Reply) -> str:
    """The code that a reply ends in.

    Raises:
        ReplyFault: it ends in none.
    """
    found = _LAST_CODE.search(reply.content.rstrip(_DECORATION))
    if not found or found[1] not in MSC_CLASSES:
        raise ReplyFault("no code of a class")
    return found[1]


TASK = Task("domains", code_of, SYSTEM, mean_tokens_out=100, basis="our guess for two sentences and a code")


def prompts(rows: Iterable[Row]) -> dict[str, str]:
    """What is asked about each row, by its id."""
    return {row.id: f"The question:\n\n{row.question}" for row in rows}


def with_domains(rows: Iterable[Row], path: Path) -> list[Row]:
    """Fill in each row's domain, the title of its class, and the code as `meta["msc"]`; rows without one stay as they are.
    """
    codes = readings(TASK, path)
    return [
        replace(row, domain=MSC_CLASSES[codes[row.id]], meta={**row.meta, "msc": codes[row.id]}) if row.id in codes else row
        for row in rows
    ]
