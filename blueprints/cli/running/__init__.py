"""Runs the server and the background worker, and what takes the place of a process that died."""
