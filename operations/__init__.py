"""Implements the operator's tasks: backup and restore, checks, demonstration data."""
