"""Results as plotly figures: no page, no files, no model. Every figure takes its colours and describes itself in words."""

from s1demo.plots.accuracy import accuracy_figure
from s1demo.plots.breakdown import domain_points, domains_figure, ledger_figure
from s1demo.plots.comparisons import (
    AccuracyRow,
    DifferenceRow,
    ablation_figure,
    difference_figure,
    difference_rows,
    sample_efficiency_figure,
)
from s1demo.plots.dots import XAxis
from s1demo.plots.metrics_table import HEADER, MetricsRow, metrics_rows
from s1demo.plots.style import Attribution, Palette, text_alternative

__all__ = [
    "HEADER",
    "AccuracyRow",
    "Attribution",
    "DifferenceRow",
    "MetricsRow",
    "Palette",
    "XAxis",
    "ablation_figure",
    "accuracy_figure",
    "difference_figure",
    "difference_rows",
    "domain_points",
    "domains_figure",
    "ledger_figure",
    "metrics_rows",
    "sample_efficiency_figure",
    "text_alternative",
]
