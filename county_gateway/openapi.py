"""Prints the OpenAPI document: ``python -m county_gateway.openapi > docs/openapi.json``."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from county_gateway.app import create_app
from county_gateway.county import Settings


def document() -> str:
    """The document as it is served at /schema/openapi.json, laid out for people and diffs."""
    with tempfile.TemporaryDirectory() as directory:
        schema = create_app(Settings(data_dir=Path(directory))).openapi_schema.to_schema()
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
