"""Changes of plan: another product, quantity or interval, at once or when the period ends."""
