"""`guiwei label`: whose prefix the site's labels have, and a batch of them as a file for a printer."""

from pathlib import Path

from tests.commands.conftest import guiwei
from tests.commands.running import Guiwei
from tests.conftest import Archive
from tests.labels.conftest import furnish
from tests.labels.test_papers import understood
from tests.site import ONE_ENGINE

__all__ = ["guiwei"]  # a fixture


@ONE_ENGINE
def test_a_site_sets_its_prefix_sees_it_and_prints_a_shelf(archive: Archive, guiwei: Guiwei, tmp_path: Path) -> None:
    furnish(archive)
    file = tmp_path / "A-01.zpl"
    assert guiwei("label", "numbering", "--json").result == {"scheme": None}
    assert "--gs1-prefix" in guiwei("label", "batch", "A-01", str(file)).refused()
    assert not file.exists(), "no file of labels that weren't made"
    told = guiwei("label", "numbering", "--gs1-prefix", "9521141", "--document-type", "12345", "--json").result
    assert (told["scheme"], told["identity"], told["serial_max"]) == ("gdti-96", "gdti:9521141.12345", 2**41 - 1)
    assert guiwei("label", "numbering", "--json").result == told
    done = guiwei("label", "batch", "A-01", str(file), "--dpi", "300", "--json").result
    assert (done["batch"], done["labels"]) == ("T-000001", 3)
    encoded = [one.encoded for one in understood(file.read_bytes())]
    query = "SELECT upper(encode(epc, 'hex')), made_by, sent_at IS NOT NULL FROM label ORDER BY position"
    assert [([epc], by, sent) for epc, by, sent in archive.root.execute(query)] == [
        (one, None, True) for one in encoded
    ]
