"""Sổ tay: the backend of the electronic party member handbook."""
