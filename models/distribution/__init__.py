"""Distributions around a mean: negative binomial, spread, recalibration, blend.

Not here: the means themselves (members).
"""
