"""Budgets (quotes): their lines, amounts and status, and the links by which customers answer them."""
