"""What leaves the process: webhooks and mail, done by the worker from the outbox. Knows no Flask."""
