"""Calls of the Core API that have a preview: what orders would be paid, changes of plan, cancellations."""
