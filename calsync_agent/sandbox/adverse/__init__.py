"""The sandbox at its worst: whatever Exchange has been seen to do, chosen by a seed.

`registry.TROUBLES` lists every trouble with the fact that it stands on (numbers: GRAPH.md);
`Adversity` lets them happen. Each comes but so often in one mailbox, so that all can end in step.
"""
