"""Counts of requests that are billed."""
