"""Decides what to sync, purely, and carries it out, cycle by cycle."""
