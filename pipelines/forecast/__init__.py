"""Forecasts: weekly training with a rolling-origin backtest, and the daily predictive distributions."""
