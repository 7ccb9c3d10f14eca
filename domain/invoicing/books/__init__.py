"""The books: numbers without gaps, and a chain of hashes over what was booked."""
