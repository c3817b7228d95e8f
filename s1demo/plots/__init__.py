"""Results as plotly figures: no page, no files, no model. Every figure takes its colours and tells itself in words."""

from s1demo.plots.accuracy import accuracy_figure, benchmarks
from s1demo.plots.answers import Segment, Verdict, segments
from s1demo.plots.breakdown import domains_figure, ledger_figure
from s1demo.plots.comparisons import Reported, ablation_figure, sample_efficiency_figure
from s1demo.plots.differences import Contrast, contrasts, difference_figure
from s1demo.plots.dots import Cost
from s1demo.plots.lengths import lengths_figure
from s1demo.plots.look import Palette, Provenance, text_alternative
from s1demo.plots.metrics_table import HEADER, MetricsRow, metrics_rows
from s1demo.plots.race import Answered, Standing, live_majority, race_figure
from s1demo.plots.timeline import ProbePoint, timeline_figure

__all__ = [
    "HEADER",
    "Answered",
    "Contrast",
    "Cost",
    "MetricsRow",
    "Palette",
    "ProbePoint",
    "Provenance",
    "Reported",
    "Segment",
    "Standing",
    "Verdict",
    "ablation_figure",
    "accuracy_figure",
    "benchmarks",
    "contrasts",
    "difference_figure",
    "domains_figure",
    "ledger_figure",
    "lengths_figure",
    "live_majority",
    "metrics_rows",
    "race_figure",
    "sample_efficiency_figure",
    "segments",
    "text_alternative",
    "timeline_figure",
]
