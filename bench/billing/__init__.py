"""A year of billing: the agreements, what an independent computation expects, and what the product did."""
