"""Away periods: members working far from home, in whose zone reminders are timed."""
