"""calsync-agent: keeps Consolidate and Exchange 365 calendars in step."""

__version__ = "0.1.0"
