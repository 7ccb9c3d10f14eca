"""Commands about who has access: merchants, users, customers and API keys."""
