"""The three panes of a comparison, as Compare, Replay and the bench lay them out."""

from __future__ import annotations

from s1demo.policies import EXTENDED, NATURAL, TRUNCATED

RUNS = {
    TRUNCATED: ("Truncated", "Thinking is cut at the budget, then the model must answer."),
    NATURAL: ("Natural", "The model thinks until it stops by itself."),
    EXTENDED: ("Extended", "Each time it wants to stop, “Wait” is put in its mouth, and it goes on."),
}
_PANE = """
<article class="pane {name}" data-run="{name}" data-thinking-tokens="0" aria-labelledby="pane-{name}">
  <header>
    <h2 id="pane-{name}">{title}</h2>
    <p><span class="status"></span><span class="count"></span></p>
  </header>
  <div class="meter" role="meter" aria-label="thinking tokens of the {name} run"
    aria-valuemin="0" aria-valuemax="0" aria-valuenow="0"><i></i></div>
  <div class="trace trace-text" role="region" tabindex="0" aria-label="trace of the {name} run" data-empty="{empty}"></div>
  <footer><span class="answer"></span><span class="verdict"></span><span class="details"></span></footer>
</article>"""
PANES = {name: _PANE.format(name=name, title=title, empty=empty) for name, (title, empty) in RUNS.items()}  # as HTML
