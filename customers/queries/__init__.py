"""What is read across tables, for screens and files."""
