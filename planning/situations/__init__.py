"""Special situations: one file a kind, each finds, opens, updates and resolves its own."""
