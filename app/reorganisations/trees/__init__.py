"""Trees: a whole tree of organisations taken in from a spreadsheet or JSON, all or nothing."""
