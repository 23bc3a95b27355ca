"""`python -m functions` prints the OpenAPI document: the portal's types are made from it."""

import json

from functions.openapi import document

print(json.dumps(document(), indent=2))  # noqa: T201 - printing is what it is for
