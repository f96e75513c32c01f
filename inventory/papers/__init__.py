"""The papers of the warehouse: frozen sheets in, PDF bytes out. Pure: no clock, no network, no fonts but its own.

    sheets (what a paper says) -> printing (one function per paper) -> typesetting (templates/*.typ, by Typst)

A sheet's facts reach the template as data, never as markup: whatever a name contains is printed as text. The same sheet
printed at the same moment is the same bytes.
"""
