"""What stands behind dev.py: set-up, start and end of the parts, the checks. Standard library only."""
