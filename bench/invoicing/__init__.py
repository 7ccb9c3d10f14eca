"""Benchmarks of invoices: issuing under kills, and real sales compared with their own sums."""
