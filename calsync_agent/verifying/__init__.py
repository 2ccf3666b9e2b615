"""Compares both sides in full, by code that shares nothing with planning and writing (H5).

    rows (here) ────▶ Happening ─┐
                                 ├─comparing──▶ Difference
    Graph's view (there) ────────┘

Connections and the names of tables are shared, nothing else: not the comparison, not the reading of
texts, not recurrence. Exchange expands its series itself; Consolidate's are expanded by another
library than the sync's own code. What is wrong with the sync is not wrong here in the same way.
"""
