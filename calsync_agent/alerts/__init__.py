"""Telling people and programs: messages, and the channels that carry them (H2)."""
