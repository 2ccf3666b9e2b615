"""The values that decisions are made of: no SQL, no network, no provider's JSON."""
