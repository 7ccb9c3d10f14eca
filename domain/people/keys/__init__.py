"""What the owners of API keys are told."""
