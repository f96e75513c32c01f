"""What each paper says, before it is set in type.

Instants are aware; they are written in the time zone of `Printed.at`. Names and free text may be anything. A field that is
None stays an empty line on the paper, to be filled in by hand, unless it says otherwise.
"""

from dataclasses import dataclass
from datetime import date, datetime

from inventory.domain.identifiers import VolumeName


@dataclass(frozen=True, slots=True)
class Printed:
    """Who printed a paper and when, for its foot and its watermark.

    at: aware, in the warehouse's own time zone. copy: the number under which the access log knows who took this copy.
    ledger_root: the newest signed root of the ledger, hexadecimal; checkpoint: which one that is, as `W1 #57`.
    """

    at: datetime
    by: str
    copy: str
    ledger_root: str | None = None
    checkpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the trade in both languages; the English stands small beneath the Chinese, or not at all where empty."""

    zh: str
    en: str = ""


# ── Pick sheet 出库单 ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Pick:
    """One volume to take from its shelf; `kind` of request: loan, transfer, consultation, ..."""

    shelf: str
    volume: VolumeName
    subject: str
    request: str
    kind: Term


@dataclass(frozen=True, slots=True)
class AisleStep:
    """The picks of one opened aisle, in walking order; `aisle` is None where shelving doesn't move."""

    block: str
    aisle: str | None
    picks: tuple[Pick, ...]


@dataclass(frozen=True, slots=True)
class PickSheet:
    """A keeper's walk through one room for one wave."""

    wave: str
    room: str
    keeper: str
    steps: tuple[AisleStep, ...]


# ── Manifest 交接清单 ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One volume in the bag; `pieces_in` is counted where it arrives."""

    volume: VolumeName
    holding_agency: str
    seal: str | None
    pieces_out: int | None
    request: str
    pieces_in: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one transfer bag holds, who carries it and what both ends sign.

    carriers: two for a hand-carry; none where a courier service carries. bag_seal_in: as found on arrival.
    """

    consignment: str
    bag: str
    origin: str
    destination: str
    channel: Term
    rows: tuple[ManifestRow, ...]
    carriers: tuple[str, ...] = ()
    tracking: str | None = None
    bag_seal_out: str | None = None
    bag_seal_in: str | None = None
    packed_at: datetime | None = None
    packed_by: tuple[str, ...] = ()


# ── Discrepancy sheet 差异单 ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Difference:
    """What was expected and what was received where the two differ; `volume` may be a number nobody knows, or None.

    expected, received: what differs, in words or figures ("封条 F-0017", "42 件"); None: nothing.
    """

    volume: str | None
    subject: str | None
    problem: Term
    expected: str | None = None
    received: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class DiscrepancySheet:
    """The differences of one consignment or arrival, for both sides to sign.

    about: what `reference` is the number of (交接清单, 进馆批次). expected, received: numbers of volumes.
    """

    number: str
    about: Term
    reference: str
    sender: str
    receiver: str
    expected: int
    received: int
    counted_at: datetime
    counted_by: tuple[str, ...]
    differences: tuple[Difference, ...]


# ── Transfer notice 转递通知单 ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TransferNotice:
    """The notice that goes with one dossier, its stub that stays and the receipt that comes back.

    series, serial: 字 and 号 of the notice. materials: number of pieces 份. authority: the letter it rests on (调档函).
    employer: the subject's employer and post. sealed_by: the two who sealed the envelope.
    """

    series: str
    serial: str
    sender: str
    recipient: str
    recipient_address: str
    subject: str
    dossier: str
    principal_volumes: int
    duplicate_volumes: int
    materials: int
    reason: str
    authority: str | None
    channel: Term
    dispatched_on: date
    receipt_due_on: date
    sealed_by: tuple[str, ...]
    handled_by: str
    employer: str | None = None
    seal: str | None = None
    tracking: str | None = None
    sender_address: str | None = None


# ── Labels 封套签、地址签 ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class EnvelopeLabel:
    """The label on a volume's envelope; whoever sees it on a desk shouldn't read a name, so `subject` is off by default."""

    volume: VolumeName
    holding_agency: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class TagLabel:
    """A label with a chip, on a volume's envelope: the number in clear and in both codes; `subject` is off by default.

    epc: in hexadecimal, as it is encoded. batch, position: which label of which batch it is, to put a roll back in order.
    """

    volume: VolumeName
    epc: str
    batch: str
    position: int
    holding_agency: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class AddressLabel:
    """The label on a transfer's outer envelope; `reference` is its notice's or consignment's number.

    confidentiality: the mark in the corner (机密 for the confidential courier), None for none.
    """

    recipient: str
    address: str
    sender: str
    sender_address: str
    reference: str
    channel: Term
    postcode: str | None = None
    confidentiality: str | None = None


# ── Closing sheet 日终清单 ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class OutVolume:
    """A volume that is not on its shelf; `reference`: the request or consignment it is out for."""

    volume: VolumeName
    subject: str | None
    since: datetime
    due: date | None = None
    reference: str | None = None
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class OutGroup:
    """The volumes one person or institution answers for at one place; `holder` None: nobody's name stands against them."""

    holder: str | None
    place: str
    kind: Term
    volumes: tuple[OutVolume, ...]


@dataclass(frozen=True, slots=True)
class ClosingSheet:
    """Every volume of a warehouse that is outside its shelf at closing, by who has it."""

    warehouse: str
    closed_at: datetime
    groups: tuple[OutGroup, ...]


# ── Certificate of count 在管档案数证明 ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class AuditCoverage:
    """The last audit before the day's end: how many of the agency's volumes were read, of how many expected."""

    audit: str
    as_of: datetime
    covered: int
    expected: int


@dataclass(frozen=True, slots=True)
class OpenException:
    """How many dossiers of the number certified are under a cloud, and which (not found, seal broken, ...)."""

    kind: Term
    dossiers: int


@dataclass(frozen=True, slots=True)
class CountCertificate:
    """The number of dossiers an agency held at 24:00 on `day`, as recorded up to `known_at`.

    known_at: printed to the microsecond; without it nobody could count again.
    query_hash, ledger_root: SHA-256 in hexadecimal, of the query and of the newest act at `known_at`. coverage: None where
    no audit is known.
    """

    number: str
    agency: str
    agency_code: str
    day: date
    held: int
    known_at: datetime
    query_hash: str
    ledger_root: str
    coverage: AuditCoverage | None = None
    exceptions: tuple[OpenException, ...] = ()


# ── Audit report 盘点报告 ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG made by `papers.pictures`; no text to print, it goes as it is."""

    svg: str


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many findings of a kind."""

    kind: Term
    count: int


@dataclass(frozen=True, slots=True)
class BayCount:
    """A bay: volumes expected and covered, findings, undecided."""

    bay: str
    expected: int
    covered: int
    findings: int
    undecided: int


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One finding; `what`: a volume's name, or a tag's EPC."""

    what: str
    kind: Term
    place_ledger: str | None
    place_belief: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class GapLine:
    """Where nobody listened."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class LedgerEnd:
    """Where a warehouse's ledger ended when the audit began."""

    warehouse: str
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """An audit for two to sign. coverage, wrong_max: 0 to 1. left_out: findings that `rows` hasn't room for."""

    number: str
    scope: str
    since: datetime
    until: datetime
    model: int
    expected: int
    covered: int
    coverage: float
    passes: int
    findings: int
    undecided: int
    wrong_max: float
    missing_wrong_max: float
    seed: str | None
    sample_shelves: int | None
    kinds: tuple[KindCount, ...]
    bays: tuple[BayCount, ...]
    elevations: tuple[Picture, ...]
    trend: Picture | None
    rows: tuple[FindingLine, ...]
    left_out: int
    gaps: tuple[GapLine, ...]
    ledger_ends: tuple[LedgerEnd, ...]
    keepers: tuple[str, ...]
    counters: tuple[str, ...]
