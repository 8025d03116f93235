"""Pages of people, teams and roles."""
