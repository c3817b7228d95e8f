"""The Replay tab: recorded comparisons with their real timing, from the exhibit, from a file or from a link; no model is asked.

The server checks a recording and folds it once, when it is chosen (`view.py`); the page plays it alone (`replay.js`).
What a visitor brings is read, answered and forgotten. The address holds `replay`, the id of a shipped recording, or a whole trace
behind its #.
"""

from __future__ import annotations

import html
import json
from typing import Any

import gradio as gr

from s1demo.errors import InputError, S1Error
from s1demo.ui.exhibit import Exhibit
from s1demo.ui.page.address import Fields
from s1demo.ui.page.component import PRIVATE, as_value, literal, scripted
from s1demo.ui.replay.recordings import (
    MAX_FILE_BYTES,
    MAX_LINK_CHARACTERS,
    TOO_LARGE,
    Recording,
    packed,
    recordings_in,
    shipped_recordings,
    tokenizer_of,
    unpacked,
)
from s1demo.ui.replay.view import playback
from s1demo.ui.stream.pace import READING_TOKENS_PER_SECOND
from s1demo.ui.stream.panes import LEGEND, stage
from s1demo.ui.stream.streaming import describe
from s1demo.ui.stream.verdicts import truth_for

UNKNOWN = "There is no recording named {!r} here. Choose one from the list."
NONE_SHIPPED = "No recordings came with this exhibit. Open a file that the “save” button of Compare wrote."
LONGEST_COMPLAINT = 400
SPEEDS = ("reading", "1", "2", "5", "10", "50")
_SPEED = '<label><input type="radio" name="replay-speed" value="{0}"><span>{1}</span></label>'
_VIEW = """
<div class="replay" data-state="empty" data-settings="{settings}">
  <div class="replay-source">
    <label for="replay-choice">Recording</label>
    <select id="replay-choice"></select>
    <label class="replay-open"><input type="file" id="replay-file" accept=".json,.jsonl,application/json" class="sr-only">
      <span>Open a file…</span></label>
    <button type="button" id="replay-link">Copy link</button>
  </div>
  <p id="replay-problem" class="problem-line" role="alert"></p>
  <div class="replay-about"><h2 id="replay-question"></h2><p id="replay-facts"></p></div>
  <div class="player" role="group" aria-label="player">
    <button type="button" id="replay-play"><span class="symbol" aria-hidden="true">▶</span> <span class="word">Play</span>
    </button>
    <input type="range" class="filled-range" id="replay-position" min="0" max="0" step="1" value="0"
      aria-label="position in the recording">
    <span id="replay-time"></span>
    <fieldset class="replay-speeds"><legend class="sr-only">Speed</legend>{speeds}</fieldset>
  </div>
  <p id="replay-pace"></p>
  <div class="replay-stage"></div>
  <p class="legend">{legend}
    <span>arrow keys on the time line: one step; drop a file anywhere here to play it</span>
  </p>
  <p class="sr-only" id="replay-announcement" role="status"></p>
  <template>{stage}</template>
</div>"""


def build_replay_tab(exhibit: Exhibit) -> Fields:
    """Lay out the tab inside the open Blocks context and connect it."""
    shipped = shipped_recordings()
    view = scripted("replay/replay", _template(shipped), "choose", elem_id="replay-view")

    def play(event: gr.EventData) -> str:
        asked = event._data if isinstance(event._data, dict) else {}
        try:
            answer = _answer(exhibit, shipped, asked)
        except S1Error as error:
            answer = {"problem": describe(error)[:LONGEST_COMPLAINT]}
        serial = asked.get("serial")
        return as_value({"serial": serial if isinstance(serial, int) else 0, **answer})

    view.choose(play, outputs=view, concurrency_limit=2, concurrency_id="replays", trigger_mode="multiple", **PRIVATE)
    return {}


def _answer(exhibit: Exhibit, shipped: dict[str, Recording], asked: dict[str, Any]) -> dict[str, Any]:
    """What the page plays next.

    Args:
        exhibit: whose tokenizer and true answers apply.
        shipped: the recordings that may be named.
        asked: untrusted: {"shipped": id}, {"file": text, "index": n} or {"link": text}.

    Raises:
        S1Error: one sentence on what is wrong.
    """
    if isinstance(asked.get("file"), str) or isinstance(asked.get("link"), str):
        text = asked["file"] if isinstance(asked.get("file"), str) else unpacked(asked["link"])
        recordings = recordings_in(text)
        index = asked.get("index")
        index = index if isinstance(index, int) and 0 <= index < len(recordings) else 0
        link = packed(list(recordings[index].runs.values()), recordings[index].true_answer)
        about = {
            "index": index,
            "titles": [recording.question for recording in recordings],
            "link": link if len(link) <= MAX_LINK_CHARACTERS else "",
            "link_characters": len(link),
        }
        return {**about, **_playback(exhibit, recordings[index])}
    name = str(asked.get("shipped", ""))
    if name not in shipped:
        raise InputError(UNKNOWN.format(name[:80]) if shipped else NONE_SHIPPED)
    return {"shipped": name, **_playback(exhibit, shipped[name])}


def _playback(exhibit: Exhibit, recording: Recording) -> dict[str, Any]:
    model = next(iter(recording.runs.values())).model
    truth = truth_for(recording.true_answer, exhibit.bank.answer_to(recording.question))
    return playback(recording, truth, tokenizer_of(exhibit.engine, model), exhibit.judge.grade_now)


def _template(shipped: dict[str, Recording]) -> str:
    settings = {
        "shipped": [[recording.id, recording.question] for recording in shipped.values()],
        "maxFileBytes": MAX_FILE_BYTES,
        "maxLinkCharacters": MAX_LINK_CHARACTERS,
        "tooLarge": TOO_LARGE,
        "reading": READING_TOKENS_PER_SECOND,
    }
    return _VIEW.format(
        settings=literal(html.escape(json.dumps(settings))),
        speeds="".join(_SPEED.format(speed, "reading speed" if speed == "reading" else f"{speed}×") for speed in SPEEDS),
        legend=LEGEND,
        stage=stage("Nothing has been played yet.", prefix="replay-"),
    )
