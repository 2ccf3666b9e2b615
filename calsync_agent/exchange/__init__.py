"""Exchange's side: Microsoft Graph for one tenant, its calendars, and events as appointments."""
