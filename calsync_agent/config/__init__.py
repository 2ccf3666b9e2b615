"""`agent.toml`: its model, its reading, and the watch on it (contract, section 2)."""
