"""The tokens and the users of clients in the Core API."""
