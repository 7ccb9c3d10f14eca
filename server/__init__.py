"""The production server: waitress in child processes on one socket, and one background worker.

What is here loads nothing but the standard library, for the parent that only waits.
"""
