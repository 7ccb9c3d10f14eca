"""Invoices that are made of what was agreed or paid."""
