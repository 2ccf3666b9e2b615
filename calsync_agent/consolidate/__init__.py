"""Consolidate's side: its tables, the feed of their changes, and rows as appointments."""
