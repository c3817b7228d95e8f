"""The fork picture and the three panes of a comparison, as Compare and Replay lay them out."""

from __future__ import annotations

from s1demo.policies import EXTENDED, NATURAL, TRUNCATED

RUNS = {
    TRUNCATED: ("Truncated", "Thinking is cut at the budget, then the model must answer."),
    NATURAL: ("Natural", "The model thinks until it stops by itself."),
    EXTENDED: ("Extended", "Each time it wants to stop, “Wait” is put in its mouth, and it goes on."),
}
_PANE = """
<article class="pane {name}" data-run="{name}" data-thinking-tokens="0" aria-labelledby="{prefix}pane-{name}">
  <header>
    <h2 id="{prefix}pane-{name}">{title}</h2>
    <p><span class="status"></span><span class="count"></span></p>
  </header>
  <div class="meter" role="meter" aria-label="thinking tokens of the {name} run"
    aria-valuemin="0" aria-valuemax="0" aria-valuenow="0"><i></i></div>
  <div class="trace trace-text" role="region" tabindex="0" aria-label="trace of the {name} run" data-empty="{empty}"></div>
  <footer><span class="answer"></span><span class="verdict"></span><span class="details"></span></footer>
</article>"""
_STAGE = """
<section class="fork" aria-label="fork picture">
  {introduction}
  <svg role="img" aria-label="{unseen}"></svg>
  <p class="fork-story"></p>
</section>
<div class="panes">{panes}</div>"""
LEGEND = """
  <span><span class="forced"><span class="symbol">↻</span>marked</span> text is forced, everything else is the model's own</span>
  <span><span class="shared">grey</span> text: the run beside it has the same tokens</span>
  <span>✂︎ cut · ■ stopped by itself</span>"""


def stage(unseen: str, introduction: str = "", prefix: str = "") -> str:
    """The fork picture and the panes as HTML.

    Args:
        unseen: what the picture says before there is one.
        introduction: HTML in front of the picture.
        prefix: of the ids, where the page has another stage.
    """
    panes = (_PANE.format(name=name, title=title, empty=empty, prefix=prefix) for name, (title, empty) in RUNS.items())
    return _STAGE.format(introduction=introduction, unseen=unseen, panes="".join(panes))
