"""Reads iCalendar files into mailboxes and says what Graph could not hold."""
