"""Why an appointment or an event is where it is, or is not: from the database alone (H4)."""
