"""Pages about customers: each parses, chooses and answers."""
