"""Orders together with their scheduled payments: creating, ending, pausing and resuming them."""
