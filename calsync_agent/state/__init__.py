"""What the plugin remembers, in tables whose names begin with `calsync_`."""
