"""What pages, reports and workbooks share: number formats, SVG, text in workbooks.

Not here: what a page shows (report, vendors, twin).
"""
