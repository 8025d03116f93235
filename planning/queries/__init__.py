"""What the screens of planning show, read from stored results."""
