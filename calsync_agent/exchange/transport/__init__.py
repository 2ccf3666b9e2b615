"""Calls to Microsoft Graph: sign-in, pace, repetition, batches and errors; knows no event."""
