"""Load a company's files into an ERP database and check what its books allow.

Not here: reading the ERP into the warehouse (extract).
"""
