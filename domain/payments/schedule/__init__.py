"""Scheduled payments: which days and amounts an order has, their rows and their status."""
