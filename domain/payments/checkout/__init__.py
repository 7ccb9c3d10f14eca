"""The payment page: what it shows, and the payments that begin on it."""
