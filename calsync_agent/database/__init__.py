"""The database as such: connections, transactions, column types. Knows no table."""
