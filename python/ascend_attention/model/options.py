# SPDX-License-Identifier: Apache-2.0
"""How launches run: mode, scheduling order, chip, and what is observed or taken away."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from types import MappingProxyType

from ascend_attention import envs
from ascend_attention.model.soc import DEFAULT_SOC


@dataclass(frozen=True)
class Options:
    """What a launch does not say itself.

    Attributes:
        mode: ``fast`` (arithmetic and bounds) or ``checked`` (every rule).
        order: In which order cores take their turn: ``forward``, ``reversed`` or ``seeded``.
        seed: Of the order ``seeded``.
        soc: A key of ``socs()``.
        collect_sites: Note every ordering instruction in ``Report.sites``.
        collect_stream: Note what every instruction did in ``Report.stream``; checked mode only.
        mutated_sites: Call chains (``Site.chain``) that lose their ordering edge.
    """

    mode: str
    order: str = "forward"
    seed: int = 0
    soc: str = DEFAULT_SOC
    collect_sites: bool = False
    collect_stream: bool = False
    mutated_sites: tuple[tuple[int, ...], ...] = ()


_changes: ContextVar[Mapping[str, object]] = ContextVar(
    "model_options", default=MappingProxyType({})
)


def _apply(mode: str, changes: Mapping[str, object]) -> Options:
    return replace(Options(mode), **changes)  # type: ignore[arg-type]


def current_options() -> Options:
    """Options in force here: the innermost ``options`` block, then the environment."""
    changes = _changes.get()
    return _apply("fast" if "mode" in changes else envs.model_mode(), changes)


@contextmanager
def options(**changes: object) -> Iterator[None]:
    """Change fields of ``Options`` for the launches of this block."""
    _apply("fast", changes)  # an unknown field fails here, not at the next launch
    token = _changes.set({**_changes.get(), **changes})
    try:
        yield
    finally:
        _changes.reset(token)


def mode(name: str) -> AbstractContextManager[None]:
    """Run the launches of a ``with`` block in the mode ``fast`` or ``checked``."""
    if name not in envs.MODEL_MODES:
        raise ValueError(f"mode: name ({name}) must be one of {', '.join(envs.MODEL_MODES)}")
    return options(mode=name)


def checked() -> AbstractContextManager[None]:
    """Run the launches of a ``with`` block in checked mode."""
    return mode("checked")
