"""Policies: rules that hold for the whole project, whichever domain a thing is of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from headrace.project.declared import GIVEN, Declared, Flag, Name, SomeTime, Text

PERSONAL = (
    "address",
    "birth",
    "birthday",
    "birthdate",
    "dob",
    "email",
    "e_mail",
    "mail",
    "fax",
    "first_name",
    "firstname",
    "forename",
    "full_name",
    "fullname",
    "iban",
    "ip",
    "ip_address",
    "last_name",
    "lastname",
    "maiden_name",
    "mobile",
    "passport",
    "phone",
    "social_security",
    "ssn",
    "street",
    "surname",
    "tax_id",
    "telephone",
)
MASKS = ("sha256", "pseudonym")


def _lower(value: Any) -> Any:
    return tuple(str(one).lower() for one in value) if isinstance(value, list | tuple) else value


Words = Annotated[tuple[Text, ...], BeforeValidator(_lower)]


class PolicyBase(Declared):
    """What every policy has."""

    name: Name = Field(description="The file's name.", json_schema_extra=GIVEN)
    file: Path | None = Field(default=None, description="The YAML file that declares it.", json_schema_extra=GIVEN)
    description: str = Field(default="", description="What it is for.")


class PersonalData(PolicyBase):
    """Data of persons is tagged where it comes in, and masked wherever it is shown or published."""

    kind: Literal["personal_data"] = Field(default="personal_data", description="Data of persons is tagged and masked.")
    words: Annotated[Words, Field(min_length=1)] = Field(
        default=PERSONAL,
        description="Words in a source's column names that ask for a tag, `personal` or `none`. Default: "
        + ", ".join(f"`{word}`" for word in PERSONAL)
        + ".",
    )
    masks: Annotated[Words, Field(min_length=1)] = Field(
        default=MASKS,
        description="Functions whose result no longer tells who it is: of SQL, or the project's own. Counts need none.",
    )


class Promises(PolicyBase):
    """What every product of the project promises at least."""

    kind: Literal["products"] = Field(default="products", description="What every product promises at least.")
    freshness: SomeTime | None = Field(default=None, description="The longest `freshness` that a product may state.")
    proven: SomeTime | None = Field(
        default=None, description="Every product states `proven`, and no longer than this. Default: it need not."
    )
    contact: Flag = Field(default=False, description="Whether every domain has to say how its owner is reached.")


Policy = PersonalData | Promises
POLICIES: Mapping[str, type[Policy]] = {"personal_data": PersonalData, "products": Promises}
