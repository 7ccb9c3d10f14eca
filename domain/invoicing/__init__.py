"""Invoices, credit notes and statements, and the documents of them and of budgets and payments."""
