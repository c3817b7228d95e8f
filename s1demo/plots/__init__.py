"""Results as plotly figures: no page, no files, no model. Every figure takes its colours and tells itself in words."""

from s1demo.plots.accuracy import accuracy_figure, benchmarks
from s1demo.plots.breakdown import domains_figure, ledger_figure
from s1demo.plots.comparisons import Reported, ablation_figure, sample_efficiency_figure
from s1demo.plots.differences import Contrast, contrasts, difference_figure
from s1demo.plots.dots import Cost
from s1demo.plots.metrics_table import HEADER, MetricsRow, metrics_rows
from s1demo.plots.style import Palette, Provenance, text_alternative

__all__ = [
    "HEADER",
    "Contrast",
    "Cost",
    "MetricsRow",
    "Palette",
    "Provenance",
    "Reported",
    "ablation_figure",
    "accuracy_figure",
    "benchmarks",
    "contrasts",
    "difference_figure",
    "domains_figure",
    "ledger_figure",
    "metrics_rows",
    "sample_efficiency_figure",
    "text_alternative",
]
