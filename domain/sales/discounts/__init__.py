"""Discount codes: what they take off, and how often each was used."""
