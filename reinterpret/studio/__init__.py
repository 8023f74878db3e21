"""The studio: one edit, open in a browser, on which a person decides.

`session` holds the edit and keeps it, `history` what it was before, `adviser` asks the library.
"""
