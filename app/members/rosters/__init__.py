"""The members of a branch, or of all below an organisation, as a spreadsheet: given out, corrected, taken back."""
