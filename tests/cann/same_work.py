# SPDX-License-Identifier: Apache-2.0
"""What has to be equal of two launches of one kernel through either front end."""

from dataclasses import replace

from ascend_attention.model import PipeCounters, Report, stream_difference

Work = dict[tuple[str, str], PipeCounters]


def work_of(report: Report) -> Work:
    """Instructions and bytes of every pipe but S, where the headers use plain pointers."""
    return {key: counts for key, counts in report.counters.items() if key[1] != "S"}


def bytes_of(report: Report) -> Work:
    """The same without the number of instructions."""
    return {key: replace(counts, instructions=0) for key, counts in work_of(report).items()}


def assert_same_work(own: Report, cann: Report, about: str = "") -> None:
    """Equal counters, and instruction streams that are equal in effect, of a launch that works."""
    assert own.stream
    assert work_of(own)
    assert_equal_work(own, cann, about)


def assert_equal_work(own: Report, cann: Report, about: str) -> None:
    """The same, of a launch that may do scalar work only."""
    difference = stream_difference(own, cann, labels=("ours", "CANN"))
    assert difference is None, f"{about}\n{difference}"
    assert work_of(own) == work_of(cann), about
