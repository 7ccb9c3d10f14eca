"""Money for invoices: payments and their parts, and the credit of customers."""
