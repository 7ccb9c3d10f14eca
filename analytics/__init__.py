"""Stores and analyses the request log: spool, store, roll-ups, queries, charts. Imports no billing table, no Flask."""
