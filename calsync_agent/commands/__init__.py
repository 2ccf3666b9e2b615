"""What each command does, given its options; returns the exit status (contract, section 1)."""
