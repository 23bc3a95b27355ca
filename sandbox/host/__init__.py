"""The local Functions host: runs function_app.py where Azure Functions Core Tools are not to be had."""
