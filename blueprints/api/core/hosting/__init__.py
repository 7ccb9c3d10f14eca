"""Services and domain names in the Core API."""
