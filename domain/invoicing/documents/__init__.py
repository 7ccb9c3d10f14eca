"""Documents for customers as PDF: their contents, their words, their layout."""
