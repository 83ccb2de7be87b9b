"""Memberships: exemptions, suspensions, ends of membership, and the correction of one entered by mistake."""
