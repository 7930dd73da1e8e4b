"""The planner's report: one self-contained HTML file a run."""
