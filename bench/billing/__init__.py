"""A year of billing: who agreed to what, what an independent reckoning expects, and what the product did."""
