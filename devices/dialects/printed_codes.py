"""Printed codes, as an imager reads them off a shelf label or a dossier."""

from devices.dialects.payloads import quoted
from devices.readings import Undecodable

CODE_CHARACTERS_MAX = 200


def printed_code(text: str) -> str:
    """Take off the line end that imagers append, and refuse what no label of ours or anyone's can carry."""
    code = text.strip()
    # GS1 codes separate their fields with the control character GS.
    if not code or len(code) > CODE_CHARACTERS_MAX or not code.replace("\x1d", "").isprintable():
        message = f"The scanned code {quoted(text)} is not 1 to {CODE_CHARACTERS_MAX} printable characters."
        raise Undecodable(message)
    return code
