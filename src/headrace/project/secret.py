"""Settings of other systems' clients, and the secrets among them, which no project file holds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from headrace.errors import Place, SourceError
from headrace.project.declared import Declared, Text, refused

_SECRET = ("password", "passphrase", "secret", "jaas", ".pem", "token")


class Reference(Declared):
    """Where a value is found when it is needed: an environment variable, or a file."""

    env: Text | None = Field(default=None, description="An environment variable that holds the value.")
    file: Text | None = Field(
        default=None, description="A file that holds the value, and nothing else; `~` is the home folder."
    )

    @model_validator(mode="after")
    def _one(self) -> Reference:
        if (self.env is None) == (self.file is None):
            raise refused("a reference names one place", "write `{env: NAME}` or `{file: PATH}`")
        return self

    def value(self, of: str, where: Path) -> str:
        """What stands there now.

        Args:
            of: the setting that it is for; where: the file that names it.

        Raises:
            SourceError: HR-418, it is not there.
        """
        try:
            return os.environ[self.env] if self.env else Path(self.file or "").expanduser().read_text().strip()
        except (KeyError, OSError, UnicodeDecodeError) as error:
            place = f"environment variable {self.env}" if self.env else f"file {self.file}"
            raise SourceError(
                f"{of} is to be read from {place}, which cannot be read",
                code="HR-418",
                where=Place(where),
                state="nothing was read",
                fix=f"export {self.env}=… before the node starts" if self.env else f"put the value into {self.file}",
            ) from error


def _written(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int | float) else value


def _no_secrets(settings: Mapping[str, str | Reference]) -> Mapping[str, str | Reference]:
    for name, value in settings.items():
        if isinstance(value, str) and any(word in name.lower() for word in _SECRET):
            raise refused(
                f"{name} is a secret, which no project file holds", f"write `{name}: {{env: NAME}}`", hidden=True
            )
    return settings


def _reference(value: Any) -> Any:
    if isinstance(value, str | int | float):
        raise refused(
            "this is a secret, which no project file holds", "write `{env: NAME}` or `{file: PATH}`", hidden=True
        )
    return value


Secret = Annotated[Reference, BeforeValidator(_reference)]
"""A value that only a reference leads to."""

Setting = Annotated[Text | Reference, BeforeValidator(_written)]

ClientSettings = Annotated[Mapping[Text, Setting], AfterValidator(_no_secrets)]
"""Settings by the client's own names; a secret is a reference."""


def resolved(settings: Mapping[str, str | Reference], where: Path) -> dict[str, str]:
    """The settings with what the references stand for.

    Raises:
        SourceError: HR-418, a reference leads nowhere.
    """
    return {name: value if isinstance(value, str) else value.value(name, where) for name, value in settings.items()}
