"""Declares what went wrong with payments in the Core API."""
