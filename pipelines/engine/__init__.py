"""One engine for replay, studies and twin: the compiled day step of a stock and of a network of stocks.

Not here: which policies are compared (replay), the questions of a study (studies), the sites of a twin (twin).
"""
