"""Models as released software: promotion, rollback, scores of forecasts whose horizon has passed, drift, trace.

Not in here: training and forecasting themselves, which are the forecast room's.
"""
