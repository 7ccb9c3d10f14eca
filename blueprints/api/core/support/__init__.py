"""Declares the support desk in the Core API."""
