"""Counts requests in advance: roll-ups by time and dimension, with latencies as histograms."""
