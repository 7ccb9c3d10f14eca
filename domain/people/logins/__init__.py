"""The users of customers, and how they sign in to the client area."""
