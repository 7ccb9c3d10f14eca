"""The operator's commands, `countinghouse …`. Each calls the domain or operations and has no rules of its own."""
