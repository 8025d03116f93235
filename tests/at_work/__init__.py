"""A sales team at work, all at the same time, through the real pages and jobs: for a test of seconds and a run of minutes."""
