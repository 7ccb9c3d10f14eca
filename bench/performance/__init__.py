"""Measures the goals of docs/performance.md: P1, P2, P3, P6 and the Core API."""
