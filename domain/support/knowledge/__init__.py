"""The knowledge base: articles that answer what customers ask, in categories."""
