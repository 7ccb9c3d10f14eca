"""Sends webhooks and mail from the outbox, in the worker. Imports no Flask."""
