"""A warehouse of two counties that have the same things each, so that every address has one of one's own and one of the other's."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Reach, Role
from inventory.domain.requests import RequestKind
from inventory.operations import searching
from inventory.operations.signing_in import add_token
from tests.conftest import Archive
from tests.requests.counter import Counter

OURS, THEIRS = "370112", "370113"
# Where one of these stands in an answer to Licheng, Changqing's data came out.
SECRETS_OF_THEIRS = ("欧阳慎独", "长清轴承厂", "长函7788", "长清移交9900", "长委5511")


class County:
    """One county's things, by the part of the address that names them."""

    def __init__(self, archive: Archive, agency: str, letter: str) -> None:
        self.archive, self.agency, self.letter = archive, agency, letter
        self.dossiers = [f"{letter}-{number}" for number in range(1, 6)]

    def one(self, query: str) -> int:
        row = self.archive.root.execute(
            query.format(agency=f"(SELECT id FROM agency WHERE code = '{self.agency}')")
        ).fetchone()
        assert row is not None, query
        return int(row[0])

    def named(self, path: str) -> dict[str, str]:
        """What stands in the path's parameters, about this county."""
        letter = self.one("SELECT id FROM letter WHERE agency_id = {agency} ORDER BY id LIMIT 1")
        arrival = self.one("SELECT id FROM arrival WHERE holding_agency_id = {agency}")
        case = self.one(
            "SELECT search_case.id FROM search_case JOIN volume ON volume.id = volume_id WHERE agency_id = {agency}"
        )
        consignment = self.one("SELECT id FROM consignment WHERE agency_id = {agency}")
        certificate = f"Z-{self.one('SELECT id FROM count_certificate WHERE agency_id = {agency}'):06d}"
        merger = f"M-{self.one('SELECT id FROM agency_merger WHERE from_agency_id = {agency}'):06d}"
        request = f"R-{self.one('SELECT id FROM request WHERE holding_agency_id = {agency} ORDER BY id LIMIT 1'):06d}"
        discrepancy = self.one(
            "SELECT discrepancy.id FROM discrepancy JOIN volume ON volume.id = volume_id WHERE agency_id = {agency}"
        )
        row = self.one(f"SELECT id FROM consignment_discrepancy WHERE consignment_id = {consignment}")
        line = self.one(f"SELECT id FROM arrival_line WHERE arrival_id = {arrival}")
        numbers = {
            "dossiers": self.dossiers[0], "requests": request, "loans": request, "arrivals": f"A-{arrival:06d}",
            "consignments": f"C-{consignment:06d}", "searches": f"S-{case:06d}", "loose-materials": "L-000001",
            "digitisation": "D-000001", "reshelving": "P-000001", "reshelvings": "P-000001", "mergers": merger,
            "certificates": certificate, "discrepancies": f"X-{discrepancy:06d}",
        }  # fmt: skip
        part = next(
            (part for part in reversed(path.split("/{number}", maxsplit=1)[0].split("/")) if part in numbers),
            "dossiers",
        )
        return {
            "number": numbers[part], "volume": self.dossiers[0], "box": "1", "line": str(line), "line_id": str(line),
            "row": str(row), "search": numbers["searches"], "certificate": certificate, "merger": merger,
            "letter_id": str(letter), "tie": "999999", "reader": "H-1", "delegation": str(self.one("SELECT id FROM delegation WHERE agency_id = {agency}")), "code": "NOTARY", "material": "1", "audit": "1", "plan": "1", "gate": "G-1", "passage": "00000000-0000-0000-0000-000000000009", "job": "partitions", "wave": "W-000001", "place": "A-01",
            "wish_id": "999999", "session_id": "999999", "token_id": "999999", "what": "tie", "act": "moved", "step": "withdrawal", "name": "done",
        }  # fmt: skip

    def form(self) -> dict[str, str]:
        """Whatever a form may ask for, told about this county: each takes what it knows."""
        one, other = self.dossiers[1:3]
        request = self.named("/requests/{number}")["number"]
        return {
            "command_id": str(uuid4()), "codes": one, "code": one, "volumes": one, "volume": one, "dossier": one, "sought": one,
            "number": request, "place": "A-01", "to_place": "A-01", "desk": "W1-D1", "reason": "x", "note": "x", "text": one,
            "agency": self.agency, "duplicate": one, "survivor": other, "proof": "id_card", "proof_document": "x",
            "authority": "x", "outcome": "x", "report": "x", "step": "zone", "result": "nothing", "approve": "yes",
            "deposit": "personal", "deposit_type": "personal", "document": "x", "career": "none", "tie": "relative",
            "id_number": "11010519491231002X", "count": "1", "day": "2026-01-01", "since": "2026-01-01", "until": "2026-12-31",
            "kind": "loan", "witness_login": "second", "witness_secret": "000000", "pieces": "1", "seal": "F-1",
            "why": "核对身份信息", "login": "nobody", "role": "keeper", "password": "nobody-will-guess-1", "act": "lock", "bag": "BAG-1", "target": "N-1", "reader": "H-1",
        }  # fmt: skip


class TwoCounties:
    """Licheng (370112) and Changqing (370113)."""

    def __init__(self, archive: Archive, address: str) -> None:
        self.archive, self.address = archive, address
        self.counter = Counter(archive)
        self.ours, self.theirs = County(archive, OURS, "L"), County(archive, THEIRS, "C")
        self._place_what_is_the_citys()
        for county in (self.ours, self.theirs):
            self._fill(county)
        archive.root.execute(
            "UPDATE subject SET name = '欧阳慎独', employer = '长清轴承厂' FROM dossier WHERE subject_id = subject.id "
            "AND number LIKE 'C-%'"
        )
        archive.root.execute(
            "UPDATE letter SET number = '长函7788-' || letter.id FROM agency WHERE agency.id = agency_id AND code = '370113'"
        )
        archive.root.execute(
            "UPDATE arrival SET sender = '长清移交9900' FROM agency WHERE agency.id = holding_agency_id AND code = '370113'"
        )
        self.people = {role: self._person(role) for role in Role}

    def _place_what_is_the_citys(self) -> None:
        archive, keeper = self.archive, self.archive.keeper.account_id
        archive.place("BAG-1", "bag")
        archive.place("BAG-2", "bag")
        for statement in (
            f"INSERT INTO bag SELECT id, {keeper}, now() FROM place WHERE kind = 'bag'",
            "INSERT INTO agency (code, name, level) VALUES ('370118', '平阴县档案中心', 'county'), ('370119', '商河县档案中心', 'county')",
            f"INSERT INTO command (id, content_hash) VALUES ('{uuid4()}', '\\x00')",
            (
                "INSERT INTO wave (warehouse_id, made_by, made_at, command_id, at_hand, aisles, metres, state) "
                f"SELECT place.id, {keeper}, now(), command.id, 0, 0, 0, 'open' FROM place, command WHERE code = 'W1'"
            ),
            (
                "INSERT INTO loose_batch (sender, channel, received_by, received_at, command_id) "
                f"VALUES ('x', 'ems', {keeper}, now(), '{uuid4()}')"
            ),
            "INSERT INTO loose_material (batch_id, position, name, category, title, pieces) SELECT id, 1, 'x', 1, 'x', 1 FROM loose_batch",
            (
                "INSERT INTO scan_batch (order_number, place_id, opened_by, opened_at, command_id) "
                f"SELECT '1', id, {keeper}, now(), '{uuid4()}' FROM place WHERE code = 'W1-D1'"
            ),
            f"INSERT INTO reshelving (reason, planned_by, planned_at, command_id) VALUES ('x', {keeper}, now(), '{uuid4()}')",
        ):
            archive.root.execute(statement)

    def _fill(self, county: County) -> None:
        archive, counter = self.archive, self.counter
        is_ours = county.agency == OURS
        clerk = archive.clerk if is_ours else counter.stranger
        keeper = archive.keeper.account_id
        for number in county.dossiers:
            counter.dossier(number, agency=county.agency)
            archive.root.execute(
                "INSERT INTO subject_career SELECT subject_id, 'none', '证 1', %s, now() FROM dossier WHERE number = %s "
                "ON CONFLICT DO NOTHING",
                (keeper, number),
            )
        for number in county.dossiers[:3]:
            counter.ask(counter.form(RequestKind.LOAN, number, by=clerk), by=clerk)
        searching.begin_search(
            archive.app,
            archive.keeper,
            VolumeName(county.dossiers[4]),
            command_id=uuid4(),
            now=datetime.now(UTC),
            reason="x",
        )
        agency = f"(SELECT id FROM agency WHERE code = '{county.agency}')"
        volume = f"(SELECT volume.id FROM volume JOIN dossier ON dossier.id = dossier_id WHERE number = '{county.dossiers[3]}')"
        bag = "BAG-1" if is_ours else "BAG-2"
        head = "the-head-of-" + county.agency
        archive.person(head, Role.AGENCY_HEAD, agency=county.agency)
        for statement in (
            (
                "INSERT INTO delegation (agency_id, document, valid_from, valid_until, given_by) SELECT agency_id, "
                f"'{'历委3311' if is_ours else '长委5511'}', current_date + 40, current_date + 50, id FROM account WHERE login = '{head}'"
            ),
            (
                "UPDATE letter SET scan_media = 'application/pdf', scan_bytes = 4, scan_sha256 = sha256('\\x25504446') "
                f"WHERE id = (SELECT min(id) FROM letter WHERE agency_id = {agency})"
            ),
            f"INSERT INTO letter_scan SELECT min(id), '\\x25504446' FROM letter WHERE agency_id = {agency}",
            (
                "INSERT INTO arrival (holding_agency_id, sender, is_historic, announced_by, announced_at, command_id) "
                f"VALUES ({agency}, 'x', true, {keeper}, now(), '{uuid4()}')"
            ),
            (
                "INSERT INTO arrival_line (arrival_id, box, position, volume_id, state, is_listed) "
                f"SELECT id, '1', 1, {volume}, 'listed', true FROM arrival WHERE holding_agency_id = {agency}"
            ),
            (
                "INSERT INTO consignment (bag_id, from_place_id, to_place_id, direction, agency_id, state, opened_by, opened_at, "
                f"command_id) SELECT bag.id, origin.id, target.id, 'out', {agency}, 'open', {keeper}, now(), command.id FROM place AS bag, "
                f"place AS origin, place AS target, command WHERE bag.code = '{bag}' AND origin.code = 'W1' AND target.code = 'N-1' "
                "AND command.id NOT IN (SELECT command_id FROM consignment) LIMIT 1"
            ),
            (
                "INSERT INTO consignment_discrepancy (consignment_id, volume_id, kind, raised_by, raised_at) "
                f"SELECT id, {volume}, 'missing', {keeper}, now() FROM consignment WHERE agency_id = {agency}"
            ),
            (
                "INSERT INTO discrepancy (kind, volume_id, opened_at, opened_numbers, seen_at, numbers) "
                f"VALUES ('weak_tag', {volume}, now(), '{{}}', now(), '{{}}')"
            ),
            (
                "INSERT INTO agency_merger (document, state, from_agency_id, to_agency_id, announced_by, announced_at) "
                f"SELECT 'x', 'announced', {agency}, id, {keeper}, now() FROM agency WHERE code = '37011{8 if is_ours else 9}'"
            ),
            (
                "INSERT INTO count_certificate (agency_id, day, known_at, held, query_hash, ledger_roots, exceptions, issued_by, "
                f"issued_at, certificate_hash, command_id) VALUES ({agency}, '2026-01-01', '2026-06-01', 1, "
                f"decode(repeat('00', 32), 'hex'), '[]', '{{}}', {keeper}, now(), decode(repeat('00', 32), 'hex'), '{uuid4()}')"
            ),
        ):
            archive.root.execute(statement)

    def _person(self, role: Role) -> str:
        """A token of somebody in that role; of Licheng, where the role belongs to an agency."""
        agency = OURS if role.rights.dossiers is Reach.OWN_AGENCY else None
        login = f"one-{role.value.replace('_', '-')}"
        self.archive.person(login, role, agency=agency)
        secret, now = uuid4().hex, datetime.now(UTC)
        add_token(self.archive.owner, login, "matrix", now, now + timedelta(days=1), secret)
        return secret
