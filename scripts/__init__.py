"""What the pipeline and `azd up` run besides dev.py: checks before a change, release, smoke test. Standard library."""
