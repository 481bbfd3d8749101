# SPDX-License-Identifier: Apache-2.0
"""Source places of code addresses, through addr2line of binutils."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple


class CodeAddress(NamedTuple):
    """A return address, in terms that outlive the loaded library."""

    library: str  # file
    offset: int  # in the library


class Place(NamedTuple):
    """A line of source, or a function without one (line 0)."""

    function: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} ({self.function})"


_Key = tuple[str, int, int]  # library, its time of change, offset
_known: dict[_Key, tuple[Place, ...]] = {}


def _key(address: CodeAddress) -> _Key:
    try:
        changed = os.stat(address.library).st_mtime_ns
    except OSError:
        changed = 0
    return (address.library, changed, address.offset)


def _run(tool: str, library: str, offsets: list[int]) -> str:
    # A return address is one past the call, which may be the next line already.
    calls = "\n".join(hex(max(offset - 1, 0)) for offset in offsets)
    command = [tool, "--addresses", "--inlines", "--functions", "--demangle", "--exe", library]
    done = subprocess.run(command, input=calls, capture_output=True, text=True, check=False)
    return done.stdout


def _parse(output: str) -> list[tuple[Place, ...]]:
    """Split the answer: for each address, pairs of lines (function, file:line)."""
    chains: list[list[Place]] = []
    function: str | None = None
    for line in output.splitlines():
        if function is None and line.startswith("0x"):
            chains.append([])
        elif function is None:
            function = line
        else:
            file, _, number = line.split(" (discriminator", 1)[0].rpartition(":")
            chains[-1].append(Place(function, file, int(number) if number.isdigit() else 0))
            function = None
    return [tuple(chain) for chain in chains]


def symbolise(addresses: Iterable[CodeAddress]) -> list[tuple[Place, ...]] | None:
    """Find where each address comes from.

    Returns:
        For each address its places, the innermost inlined function first, empty where the library
        has no line table; None when addr2line is not installed.
    """
    wanted = [_key(address) for address in addresses]
    missing: dict[str, list[_Key]] = {}
    for key in wanted:
        if key not in _known:
            missing.setdefault(key[0], []).append(key)
    tool = shutil.which("addr2line")
    if missing and tool is None:
        return None
    for library, keys in missing.items():
        if not os.path.isfile(library):
            _known.update(dict.fromkeys(keys, ()))
            continue
        assert tool is not None
        chains = _parse(_run(tool, library, [offset for _, _, offset in keys]))
        chains += [()] * (len(keys) - len(chains))
        for key, chain in zip(keys, chains, strict=False):
            _known[key] = tuple(place for place in chain if place.file not in ("??", ""))
    return [_known[key] for key in wanted]


def chain_places(addresses: Sequence[CodeAddress]) -> tuple[Place, ...]:
    """Places of a call chain, innermost first, up to where it leaves the kernel library."""
    kernel = takewhile(lambda address: address.library == addresses[0].library, addresses)
    chains = symbolise(kernel) or []
    return tuple(place for chain in chains for place in chain)


def describe(addresses: Sequence[CodeAddress]) -> str:
    """A call chain in one line, innermost first, without the places in the API's headers."""
    places = [place for place in chain_places(addresses) if not _is_front_end(place)]
    return " <- ".join(
        f"{os.path.basename(place.file)}:{place.line} ({_short(place.function)})"
        for place in places
    )


def _short(function: str) -> str:
    return function.split("(", 1)[0]


def _is_front_end(place: Place) -> bool:
    return "/model/include/" in os.path.normpath(place.file)
