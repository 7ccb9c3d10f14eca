"""Bank statements as files: CAMT.053 and CSV, read into rows of one type."""
