"""iCalendar files as values: what the sandbox and Consolidate's side read them with."""
