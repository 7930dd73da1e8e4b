"""The sample ERP: a wholesaler's books, generated from a seed.

Not here: loading a company's own books (onboarding).
"""
