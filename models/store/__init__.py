"""Every member by name, and a forecaster as a folder of text files.

Not here: MLflow (pipelines.io.registry).
"""
