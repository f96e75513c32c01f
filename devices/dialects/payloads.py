"""From a message's bytes to a dialect's own types, or one sentence why not."""

from typing import TypeVar

import msgspec

from devices.readings import Undecodable

T = TypeVar("T")

# Some 25,000 reads of the most talkative dialect; what is larger does not come from a reader.
PAYLOAD_BYTES_MAX = 4 * 1024 * 1024
QUOTED_CHARACTERS_MAX = 40


def parse(payload: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Read JSON of the decoder's type, strictly; raise Undecodable for anything else.

    The types hold no enumerations: msgspec would quote the sender's text, of any length, in its errors.
    """
    if len(payload) > PAYLOAD_BYTES_MAX:
        message = f"The payload has {len(payload)} bytes, more than the {PAYLOAD_BYTES_MAX} a reader may send."
        raise Undecodable(message)
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        message = f"The payload does not fit the dialect: {error}."
        raise Undecodable(message) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"The payload is not JSON: {error}."
        raise Undecodable(message) from None
    except RecursionError:
        message = "The payload is nested too deeply."
        raise Undecodable(message) from None


def quoted(text: str) -> str:
    """Quote the sender's text for a sentence: short, on one line, with nothing unprintable in it."""
    if len(text) > QUOTED_CHARACTERS_MAX:
        return repr(text[:QUOTED_CHARACTERS_MAX]) + "..."
    return repr(text)
