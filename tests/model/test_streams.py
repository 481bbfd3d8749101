# SPDX-License-Identifier: Apache-2.0
"""Instruction streams in effect: what they tell apart and what not."""

import pytest
from ascend_attention import model
from ascend_attention.model import recorded, stream_difference, stream_digest, streams_of

from tests.model.program import (
    SLOT,
    Step,
    barrier,
    flag,
    load,
    move,
    on_block,
    run,
    store,
    sync_all,
)

Steps = list[Step | list[Step]]


def report_of(probes: model.Library, *steps: Step | list[Step], **how: bool | int) -> model.Report:
    with (
        model.options(mode="checked", collect_stream=True),
        recorded() as reports,
    ):
        run(probes, *steps, **how)  # type: ignore[arg-type]
    return reports[0]


COPY: Steps = [load(0, 0), flag("MTE2_MTE3"), store(0, 0)]


def test_a_stream_has_the_moves_and_nothing_else(probes: model.Library) -> None:
    report = report_of(probes, *COPY)

    assert {
        key: [entry.name for entry in entries] for key, entries in streams_of(report).items()
    } == {
        (0, "MTE2"): ["copy_gm_to_ubuf"],
        (0, "MTE3"): ["copy_ubuf_to_gm"],
    }
    assert sum(report.stream[1].known) == 1


def test_no_stream_is_kept_unless_asked_for(probes: model.Library) -> None:
    with model.checked(), recorded() as reports:
        run(probes, *COPY)

    assert reports[0].stream == ()


SAME: dict[str, Steps] = {
    "another event id": [load(0, 0), flag("MTE2_MTE3", 3), store(0, 0)],
    "a barrier on all pipes": [load(0, 0), barrier("ALL"), store(0, 0)],
    "a barrier that orders nothing": [barrier("MTE3"), *COPY],
    "by way of another pipe": [load(0, 0), flag("MTE2_V"), flag("V_MTE3"), store(0, 0)],
}


@pytest.mark.parametrize("steps", SAME.values(), ids=SAME)
def test_what_means_the_same_is_equal(probes: model.Library, steps: Steps) -> None:
    first, second = report_of(probes, *COPY), report_of(probes, *steps)

    assert stream_difference(first, second) is None
    assert stream_digest(first) == stream_digest(second)


TWICE: Steps = [load(0, 0), load(SLOT, SLOT), flag("MTE2_MTE3"), store(0, 0)]
OTHER: dict[str, Steps] = {
    "other bytes": [load(0, SLOT), load(SLOT, SLOT), flag("MTE2_MTE3"), store(0, 0)],
    "one more": [*TWICE, store(SLOT, SLOT)],
    "one less": TWICE[:-1],
    "an edge that comes earlier": [load(0, 0), flag("MTE2_MTE3"), load(SLOT, SLOT), store(0, 0)],
    "an edge that is not needed": [
        load(0, 0),
        barrier("MTE2"),
        load(SLOT, SLOT),
        flag("MTE2_MTE3"),
        store(0, 0),
    ],
}


@pytest.mark.parametrize("steps", OTHER.values(), ids=OTHER)
def test_what_differs_is_said(probes: model.Library, steps: Steps) -> None:
    first, second = report_of(probes, *TWICE), report_of(probes, *steps)

    difference = stream_difference(first, second, labels=("ours", "theirs"))

    assert difference is not None
    assert "ours: " in difference
    assert "theirs: " in difference
    assert stream_digest(first) != stream_digest(second)


def test_ordering_can_be_left_out(probes: model.Library) -> None:
    first = report_of(probes, *TWICE)
    second = report_of(probes, *OTHER["an edge that is not needed"])

    assert stream_difference(first, second, ordering=False) is None


def test_knowledge_of_other_cores_counts(probes: model.Library) -> None:
    first: Steps = [on_block(0), *COPY, on_block(-1)]
    last: Steps = [on_block(1), load(0, 4 * SLOT)]
    together = report_of(probes, *first, sync_all(), *last, blocks=2, cross_core=True)
    apart = report_of(probes, *first, barrier("ALL"), *last, blocks=2, cross_core=True)

    difference = stream_difference(together, apart)

    assert difference is not None
    assert difference.startswith("core 1, pipe MTE2, instruction 1 ")


def test_moves_that_cut_their_bytes_otherwise_are_told_apart(probes: model.Library) -> None:
    first = report_of(probes, load(0, 0, 2 * SLOT), flag("MTE2_V"), move(4096, 0, 2 * SLOT))
    second = report_of(
        probes,
        load(0, 0, SLOT),
        load(SLOT, SLOT, SLOT),
        flag("MTE2_V"),
        move(4096, 0, 2 * SLOT),
    )

    assert stream_difference(first, second) is not None
