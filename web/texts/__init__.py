"""Every text of the pages, one module for each area: `TEXTS` with `key: (Chinese, English)`.

Trade words exactly as the design's list has them. Keys a page puts together from parts are declared beside the texts, so
that a test finds those left over: `ASKED_AS = {"request.state.{}": RequestState}` stands for `request.state.asked` and so on.
A new module is taken up by being here; no list to extend.
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def _modules() -> Iterator[ModuleType]:
    for module in iter_modules(__path__, f"{__name__}."):
        yield import_module(module.name)


def _gathered() -> dict[str, tuple[str, str]]:
    texts: dict[str, tuple[str, str]] = {}
    for module in _modules():
        twice = texts.keys() & module.TEXTS.keys()
        assert not twice, f"{module.__name__} says again what stands elsewhere: {', '.join(sorted(twice))}"
        texts.update(module.TEXTS)
    return texts


def keys_put_together() -> Iterator[str]:
    """Every key that pages put together from parts, by what the modules declare in `ASKED_AS`."""
    for module in _modules():
        declared: dict[str, Iterable[str]] = getattr(module, "ASKED_AS", {})
        for pattern, parts in declared.items():
            yield from (pattern.format(part) for part in parts)


TEXTS = _gathered()
