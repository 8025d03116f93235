"""Backup and restore: one file that holds all rows, from either database, for either database.

archive:    the file: a manifest and the rows of each table, with counts and checksums.
tables:     the tables as a database's migrations have left them, and their rows as text.
snapshot:   a connection that sees one moment, whatever is written meanwhile.
writing:    from a database into a file.
restoring:  from a file into a database, all or nothing.
"""
