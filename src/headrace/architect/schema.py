"""The JSON schema of a file of requirements, for programs that write one."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from headrace.architect.requirements import Requirements


class Schemas(GenerateJsonSchema):
    """Lengths of time as they are written here, and not in ISO 8601."""

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:  # noqa: ARG002 - pydantic's signature
        return {"type": "string", "description": "A length of time with its unit.", "examples": ["5 seconds", "1 day"]}


def schema() -> dict[str, Any]:
    """Return the schema, in which every key that may be left out has a default."""
    return Requirements.model_json_schema(schema_generator=Schemas)
