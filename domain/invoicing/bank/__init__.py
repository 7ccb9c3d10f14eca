"""Movements of bank accounts: which order or invoices each pays, and booking it."""
