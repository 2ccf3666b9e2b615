"""A case from a support bundle, tried out on a sandbox: `calsync-agent sandbox --replay` (H7)."""
