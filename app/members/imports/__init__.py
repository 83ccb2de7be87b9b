"""Imports: a branch roster as a secretary has it, checked row by row, then taken whole or not at all."""
