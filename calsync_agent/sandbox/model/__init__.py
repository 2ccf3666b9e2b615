"""What a tenant holds and how it behaves, without HTTP."""
