"""What a person must know of a day: positions, failed steps, notices, the date of the last run.

Not here: the sentences of single lines (purchase), pages (report).
"""
