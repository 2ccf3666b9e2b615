"""A calendar in Graph: events, pages and writes as values, on top of the transport."""
