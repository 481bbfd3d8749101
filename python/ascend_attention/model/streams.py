# SPDX-License-Identifier: Apache-2.0
"""Comparing instruction streams: of two front ends, or of a kernel before and after a change.

Streams are compared in effect: per core and pipe the same instructions, the same bytes read and
written, and the same instructions known to be complete before. Event ids, barriers, control
registers and the scalar pipe are left out; what they order is not.
"""

from __future__ import annotations

import hashlib
from itertools import zip_longest

from ascend_attention.model import symbols
from ascend_attention.model.report import Report, StreamEntry

Streams = dict[tuple[int, str], list[StreamEntry]]


def streams_of(report: Report) -> Streams:
    """Return the entries of each core and pipe, in program order."""
    streams: Streams = {}
    for entry in report.stream:
        streams.setdefault((entry.core, entry.pipe), []).append(entry)
    return streams


def _meaning(entry: StreamEntry, *, ordering: bool) -> tuple[object, ...]:
    effect = entry.core, entry.pipe, entry.name, entry.effect
    return (*effect, entry.known, entry.elsewhere) if ordering else effect


def stream_digest(report: Report) -> str:
    """Return a digest of the whole stream, independent of addresses and of the order of cores."""
    digest = hashlib.sha256()
    for key, entries in sorted(streams_of(report).items()):
        digest.update(repr((key, [_meaning(entry, ordering=True) for entry in entries])).encode())
    return digest.hexdigest()


def _line(label: str, entry: StreamEntry | None) -> str:
    if entry is None:
        return f"  {label}: nothing more"
    place = symbols.describe(entry.addresses)
    known = ", ".join(str(number) for number in entry.known)
    return (
        f"  {label}: {entry.name}, bytes {entry.effect:016x}, after [{known}] "
        f"and {entry.elsewhere:016x} elsewhere" + (f", at {place}" if place else "")
    )


def stream_difference(
    first: Report,
    second: Report,
    *,
    ordering: bool = True,
    labels: tuple[str, str] = ("first", "second"),
) -> str | None:
    """Say where two streams part, side by side with the calls; None if they are equal in effect.

    Args:
        first: Of a launch with ``Options.collect_stream`` in checked mode.
        second: Likewise.
        ordering: Compare what was known to be complete too.
        labels: For the two.
    """
    mine, theirs = streams_of(first), streams_of(second)
    for key in sorted(mine.keys() | theirs.keys()):
        pairs = zip_longest(mine.get(key, []), theirs.get(key, []))
        for position, (one, other) in enumerate(pairs, start=1):
            if (
                one is None
                or other is None
                or _meaning(one, ordering=ordering) != _meaning(other, ordering=ordering)
            ):
                core, pipe = key
                where = f"core {core}, pipe {pipe}, instruction {position} of {first.kernel}"
                return "\n".join([where, _line(labels[0], one), _line(labels[1], other)])
    return None
