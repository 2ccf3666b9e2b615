"""The few lines that every table model shares."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

# Every constraint has a name of ours, so that a later version can say which one it means.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",  # as SQLAlchemy names them by itself
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
}


def table(model: type[SQLModel]) -> sa.Table:
    """The SQLAlchemy table behind a SQLModel class, for use in statements."""
    return model.metadata.tables[str(model.__tablename__)]


def column(*args: Any, default: object = None, **options: Any) -> Any:  # noqa: ANN401 - as SQLModel's Field
    """A field whose column is spelt out; `default` is the database's own (`server_default`)."""
    options.setdefault("nullable", False)
    if isinstance(default, str):
        default = sa.text(f"'{default}'")
    elif isinstance(default, bool):
        default = sa.true() if default else sa.false()
    elif isinstance(default, int):
        default = sa.text(str(default))
    if default is not None:
        options["server_default"] = default
    return Field(sa_column=sa.Column(*args, **options))
