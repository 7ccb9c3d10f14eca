"""Invoices, credit notes and statements of account in the Core API."""
