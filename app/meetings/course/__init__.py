"""The course of a meeting set right: when it began and ended, who led it and who wrote it down."""
