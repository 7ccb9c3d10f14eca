"""Charts for plotly.js, as plain dicts."""
