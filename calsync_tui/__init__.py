"""The terminal UI of calsync. It is not built yet."""
