"""Orders: what they are for, their terms, amounts and status, and their payment links."""
