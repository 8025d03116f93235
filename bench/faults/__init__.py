"""What was made to go wrong: each fault a module, `bench/faults/run` does them all and prints one table."""
