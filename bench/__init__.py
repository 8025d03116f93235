"""What the speed claims rest on: `bench/run` fills a database of its own, measures, and prints a table with its limits."""
