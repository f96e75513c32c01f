"""The registry's tables as SQLModel classes; a test holds them against the migrated database, column by column.

A `table=True` class validates nothing, so rows are built only from domain types. The tables that take a city's volume
(evidence, acts, holdings, search tokens) have no class: only set-based SQL touches them, nobody should walk them by row.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

METADATA = SQLModel.metadata


def _id() -> Any:
    return Field(default=None, sa_column=Column(Integer, Identity(), primary_key=True))


def _text(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Text, nullable=nullable))


def _reference(table: str, *, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Integer, ForeignKey(f"{table}.id"), nullable=nullable))


def _metres() -> Any:
    return Field(default=None, sa_column=Column(Double))


class Agency(SQLModel, table=True):
    """An agency that legally holds dossiers (档案管理服务机构)."""

    __table_args__ = (UniqueConstraint("code", name="agency_code_taken"),)
    id: int | None = _id()
    code: str = _text()
    name: str = _text()
    level: str = _text()
    parent_id: int | None = _reference("agency", nullable=True)
    valid_from: date | None = Field(default=None, sa_column=Column(Date))
    valid_to: date | None = Field(default=None, sa_column=Column(Date))
    successor_id: int | None = _reference("agency", nullable=True)


class Place(SQLModel, table=True):
    """Anywhere a volume can be, or that contains such places (所在)."""

    __table_args__ = (
        UniqueConstraint("code", name="place_code_taken"),
        Index("place_by_path", "path"),
        Index("place_by_parent", "parent_id"),
        Index("place_warehouses", "kind", postgresql_where=text("kind = 'warehouse'")),
    )
    id: int | None = _id()
    code: str = _text()
    kind: str = _text()
    name: str = _text()
    parent_id: int | None = _reference("place", nullable=True)
    path: str = Field(default="", sa_column=Column(Text(collation="C"), nullable=False, server_default=""))
    warehouse_id: int | None = _reference("place", nullable=True)
    room_id: int | None = _reference("place", nullable=True)
    block: str | None = _text(nullable=True)
    face: str | None = _text(nullable=True)
    aisle: str | None = _text(nullable=True)
    x: float | None = _metres()
    y: float | None = _metres()
    z: float | None = _metres()
    width: float | None = _metres()
    height: float | None = _metres()
    depth: float | None = _metres()
    capacity: int | None = Field(default=None, sa_column=Column(Integer))


class Reader(SQLModel, table=True):
    """A reader (读写器), known by its topic."""

    __table_args__ = (
        UniqueConstraint("code", name="reader_code_taken"),
        UniqueConstraint("topic", name="reader_topic_taken"),
    )
    id: int | None = _id()
    code: str = _text()
    dialect: str = _text()
    topic: str = _text()
    status_topic: str | None = _text(nullable=True)
    timezone: str = _text()
    mapping: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    control_url: str | None = _text(nullable=True)
    slot: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False, server_default="0"))
    changed_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    changed_by: int | None = _reference("account", nullable=True)


class Antenna(SQLModel, table=True):
    """One antenna of a reader; a handheld's has no place of its own."""

    __table_args__ = (UniqueConstraint("reader_id", "number", name="antenna_number_taken"),)
    id: int | None = _id()
    reader_id: int = _reference("reader")
    number: int = Field(sa_column=Column(SmallInteger, nullable=False))
    place_id: int | None = _reference("place", nullable=True)
    role: str = _text()


class Account(SQLModel, table=True):
    """A person who signs in, or a service that acts."""

    __table_args__ = (UniqueConstraint("login", name="account_login_taken"),)
    id: int | None = _id()
    login: str = _text()
    name: str = _text()
    role: str = _text()
    agency_id: int | None = _reference("agency", nullable=True)


class Subject(SQLModel, table=True):
    """The person a dossier is about (存档人员)."""

    __table_args__ = (
        Index("subject_by_id_number", "id_number_hash"),
        Index("subject_by_id_last_six", "id_last_six_hash"),
    )
    id: int | None = _id()
    name: str = _text()
    birth_year: int | None = Field(default=None, sa_column=Column(SmallInteger))
    employer: str | None = _text(nullable=True)
    id_number_cipher: bytes | None = Field(default=None, sa_column=Column(LargeBinary), repr=False)
    id_number_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary), repr=False)
    id_last_six_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary), repr=False)


class Dossier(SQLModel, table=True):
    """A personnel dossier (档案); its number never changes."""

    __table_args__ = (
        UniqueConstraint("number", name="dossier_number_taken"),
        UniqueConstraint("id", "holding_agency_id"),
        Index("dossier_by_subject", "subject_id"),
    )
    id: int | None = _id()
    number: str = _text()
    subject_id: int = _reference("subject")
    holding_agency_id: int = _reference("agency")
    deposit_type: str | None = _text(nullable=True)
    deposited_on: date | None = Field(default=None, sa_column=Column(Date))
