"""Profiles for many: who has which mailbox, a table to import, and a start in steps (I1)."""
