"""The s1K tab: search, filter and read the thousand rows. Nothing is kept for a visitor: every request says all it needs.

The page's own script (`data.js`) triggers two events, `rows` for what a query leaves and `row` for one whole row. They are
answered outside the queue, which is for runs, and outside the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import gradio as gr

from s1demo.errors import InputError
from s1demo.s1k.loading import VERSIONS, load_s1k
from s1demo.s1k.records import S1_MINI_1K, S1K_1_1
from s1demo.s1k.table import MAX_SEARCH_CHARS, S1KTable
from s1demo.s1k.tables import Tables
from s1demo.ui.exhibit import Exhibit
from s1demo.ui.page.address import Fields
from s1demo.ui.page.component import PRIVATE, scripted
from s1demo.ui.s1k.browse import BrowseRequest, list_answer, read_request, row_answer
from s1demo.ui.stream.streaming import describe

PATIENCE_SECONDS = 5.0  # of a request for a row
_BRIEF = 0.5  # of one for a list, which says what is being done; the page asks again while a data set is being loaded
BEST, OWN = S1K_1_1, S1_MINI_1K  # what is shown unasked where it can be had, and what is always there
_MEANWHILE = "Meanwhile you see the miniature's own rows."

_TEMPLATE = """
<section class="s1k" data-open="list" aria-label="s1K">
  <div class="s1k-top">
    <div class="s1k-sets" role="group" aria-label="data set">{sets}</div>
    <p class="s1k-about"></p>
  </div>
  <div class="s1k-news"><p class="s1k-note problem-line" role="status"></p>
    <button type="button" class="s1k-again" hidden>Try again</button></div>
  <div class="s1k-body">
    <div class="s1k-find">
      <input type="search" class="s1k-search" maxlength="{most}" placeholder="Search in questions and traces"
        aria-label="Search in questions and traces; words in quotation marks are a phrase" title="Key: /">
      <div class="s1k-lengths" role="group"></div>
      <div class="s1k-facets"></div>
      <p class="s1k-found"><span role="status"></span>
        <button type="button" class="s1k-clear" hidden>clear search and filters</button></p>
      <div class="s1k-rows" role="listbox" tabindex="0" aria-label="rows"><div role="presentation"></div></div>
    </div>
    <article class="s1k-row" aria-label="row" tabindex="-1"></article>
  </div>
</section>"""


def build_data_tab(exhibit: Exhibit) -> Fields:
    """Lay out the tab inside the open Blocks context; its part of the address is its script's, so it returns no field."""
    load = load_s1k
    tables = Tables(lambda version, report: load(version, report=report))
    sets = "".join(f'<button type="button" data-set="{version}" aria-pressed="false">{version}</button>' for version in VERSIONS)
    template = _TEMPLATE.format(sets=sets, most=MAX_SEARCH_CHARS)
    view = scripted("s1k/s1k", template, "rows", "row", elem_id="s1k")
    opened = scripted("web/relay", "<i></i>", elem_id="s1k-opened", visible="hidden")

    async def rows(event: gr.EventData) -> dict[str, Any]:
        return await _answered(tables, event._data, list_answer)

    async def row(event: gr.EventData) -> dict[str, Any]:
        return await _answered(tables, event._data, row_answer)

    view.rows(rows, outputs=view, queue=False, trigger_mode="multiple", **PRIVATE)
    view.row(row, outputs=opened, queue=False, trigger_mode="multiple", **PRIVATE)
    return {}


Answer = Callable[[str, S1KTable, BrowseRequest], dict[str, Any]]


async def _answered(tables: Tables, data: Any, answer: Answer) -> dict[str, Any]:
    """What the page is sent: an answer, that a data set is still being loaded, or a sentence that says what to do."""
    request = BrowseRequest()
    try:
        request = read_request(data)
        version, note = await _chosen(tables, request)
        table = await tables.table(version, _BRIEF if request.row is None else PATIENCE_SECONDS, request.again)
        if table is None:
            return {"n": request.number, "wait": True, "notes": [tables.doing(version)], "of": version}
        return await asyncio.to_thread(answer, version, table, request) | note
    except Exception as error:
        return {"n": request.number, "problem": describe(error)}


async def _chosen(tables: Tables, request: BrowseRequest) -> tuple[str, dict[str, Any]]:
    """Which data set to show, and what to say of the one that would be better."""
    if request.version:
        return request.version, {}
    try:
        best = await tables.table(BEST, 0, request.again)
    except InputError as error:
        return OWN, {"notes": [str(error)], "of": BEST, "failed": True}
    return (BEST, {}) if best else (OWN, {"wait": True, "notes": [tables.doing(BEST), _MEANWHILE], "of": BEST})
