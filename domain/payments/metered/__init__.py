"""Metered orders: the periods whose API calls are counted in the request log and then paid."""
