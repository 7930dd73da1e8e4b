"""Forecasters that compete: each fits a panel and predicts a mean per bucket.

Not here: distributions around the mean (distribution), the mix that serves (hybrid).
"""
