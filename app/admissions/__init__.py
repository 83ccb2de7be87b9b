"""Admissions: the pool of candidates, their dossiers, the admission, the probation and its end."""
