"""`calsync-agent demo`: a made-up office, synced and changed before everybody's eyes."""
