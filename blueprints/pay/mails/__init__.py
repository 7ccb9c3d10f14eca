"""Writes the mails that are sent in a merchant's name, as text and as HTML."""
