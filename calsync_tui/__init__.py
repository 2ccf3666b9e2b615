"""The terminal UI of calsync: looks into the database, changes settings, answers what waits."""
