"""Results as plotly figures: no page, no files, no model. Every figure takes its colours and describes itself in words."""
