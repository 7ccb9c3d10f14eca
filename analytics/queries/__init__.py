"""Answers questions about requests: from roll-ups, or from the single requests."""
