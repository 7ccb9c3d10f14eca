"""The request log: spool, store, roll-ups, queries, charts. Knows no billing table and no Flask."""
