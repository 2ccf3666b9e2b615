"""The common language of both sides: what an appointment is, apart from where it is stored."""
