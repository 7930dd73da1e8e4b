"""What-if studies: a question about some items, its replay, and the answer that is kept.

Not here: the replay of an SKU (replay).
"""
