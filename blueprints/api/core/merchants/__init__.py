"""Declares what merchants have besides their profile in the Core API: mails and a logo."""
