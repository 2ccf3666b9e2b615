"""The support bundle: what is needed to understand a case, and nothing personal (H7).

What is told is what stands on a list: numbers, times, the program's own words. All else is told by
a pseudonym, or not at all; so what nobody thought of stays here.
"""
