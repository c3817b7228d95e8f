"""The How it works tab: one page to teach from. Its content (`content.py`) is sent when the tab is opened, not with the page."""

from __future__ import annotations

from s1demo.ui.exhibit import Exhibit
from s1demo.ui.lesson.content import lesson
from s1demo.ui.page.address import Fields
from s1demo.ui.page.component import PRIVATE, as_value, scripted
from s1demo.ui.replay.recordings import shipped_recordings, tokenizer_of

_VIEW = """
<div class="lesson" data-state="empty">
  <section class="lesson-lead" aria-label="in three sentences"></section>
  <section class="forcing" aria-labelledby="lesson-forcing">
    <h2 id="lesson-forcing">What “Wait” does</h2>
    <div class="forcing-row">
      <div class="forcing-steps">
        <ol></ol>
        <p class="forcing-caption" role="status"></p>
        <div class="forcing-buttons">
          <button type="button" class="back">Back</button><button type="button" class="next">Next step</button>
          <span>or the arrow keys</span>
        </div>
      </div>
      <div class="forcing-stage">
        <p class="forcing-question"></p><div class="forcing-trace" tabindex="0" role="region" aria-label="recorded trace"></div>
        <p class="forcing-answer"></p>
      </div>
    </div>
    <p class="forcing-more"></p>
  </section>
  <section class="recipe" aria-labelledby="lesson-recipe">
    <h2 id="lesson-recipe">The recipe</h2>
    <p class="recipe-key"></p>
    <ol></ol>
  </section>
  <section class="lesson-curve" aria-labelledby="lesson-curve">
    <h2 id="lesson-curve">Does longer thinking help?</h2>
    <div class="curve-row"><svg role="img"></svg><div class="curve-words"></div></div>
  </section>
  <section class="honest" aria-labelledby="lesson-honest">
    <h2 id="lesson-honest">What is real here, and what the miniature leaves out</h2>
    <div class="honest-row">
      <div class="real"><h3>Real</h3><ul></ul></div>
      <div class="left-out"><h3>Left out or imposed</h3><ul></ul></div>
      <div class="code"><h3>In the code</h3><ul></ul></div>
    </div>
  </section>
</div>"""


def build_lesson_tab(exhibit: Exhibit) -> Fields:
    """Lay out the tab inside the open Blocks context and connect it."""
    view = scripted("lesson/lesson", _VIEW, "open", elem_id="lesson-view")

    def fill() -> str:
        recordings = shipped_recordings()
        model = next((trace.model for recording in recordings.values() for trace in recording.runs.values()), "")
        content = lesson(exhibit.bank, recordings, tokenizer_of(exhibit.engine, model), exhibit.settings.repository)
        return as_value(content)

    view.open(fill, outputs=view, trigger_mode="multiple", **PRIVATE)
    return {}
