"""What did not end by itself: the rows among payments, scheduled payments and others that a person looks at."""
