"""What stands in for the outside world on a developer's machine; never deployed."""
