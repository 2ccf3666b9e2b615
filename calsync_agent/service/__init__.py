"""The running agent: what it watches, when cycles begin, how it stops."""
