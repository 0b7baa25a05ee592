"""XPath 1.0 with the ODK XForms functions, compiled once to Python closures.

Source: XML Path Language 1.0 (W3C 1999); ODK XForms Specification, functions.
"""
