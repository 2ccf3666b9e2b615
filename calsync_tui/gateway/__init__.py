"""The one door to data: nothing else of the UI knows the database."""
