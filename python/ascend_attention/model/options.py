# SPDX-License-Identifier: Apache-2.0
"""How launches run: mode, scheduling order, chip, and what is observed or taken away."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

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
        mutated_sites: Call chains (``Site.chain``) that lose their ordering edge.
    """

    mode: str
    order: str = "forward"
    seed: int = 0
    soc: str = DEFAULT_SOC
    collect_sites: bool = False
    mutated_sites: tuple[tuple[int, ...], ...] = ()


_changes: ContextVar[dict[str, Any]] = ContextVar("model_options", default={})  # noqa: B039


def current_options() -> Options:
    """Options in force here: the innermost ``options`` block, then the environment."""
    changes = _changes.get()
    return replace(Options(changes.get("mode") or envs.model_mode()), **changes)


@contextmanager
def options(**changes: Any) -> Iterator[None]:
    """Change fields of ``Options`` for the launches of this block."""
    replace(Options("fast"), **changes)  # an unknown field fails here, not at the next launch
    token = _changes.set({**_changes.get(), **changes})
    try:
        yield
    finally:
        _changes.reset(token)


def mode(name: str) -> Any:
    """Run the launches of this block in a mode: ``with mode("fast"):``."""
    if name not in envs.MODEL_MODES:
        raise ValueError(f"mode: name ({name}) must be one of {', '.join(envs.MODEL_MODES)}")
    return options(mode=name)


def checked() -> Any:
    """Run the launches of this block in checked mode: ``with checked():``."""
    return mode("checked")
