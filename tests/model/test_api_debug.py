# SPDX-License-Identifier: Apache-2.0
"""What a kernel can say: printf, DumpTensor, assertions, logs."""

import re
from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.answers import numbers
from tests.model.harness import Array, covers, from_bfloat16, raises_fault

MOST_PRINTED = 30 * 1024


def printed(probes: model.Library, kernel: str, *arguments: Array | bytes) -> str:
    return str(probes.launch(kernel, list(arguments)).printed)


@covers("printf", "value")
def test_printf_formats_numbers_and_text(probes: model.Library) -> None:
    text = printed(probes, "probe_print_values")

    assert text == "-1 2 3 ff -5 6\n1.500000 2.000000 text %\n100%\n0.250000\n"


@covers("printf", "value")
def test_printf_drops_what_does_not_fit(probes: model.Library) -> None:
    assert len(printed(probes, "probe_print_long", numbers(MOST_PRINTED))) == MOST_PRINTED
    assert printed(probes, "probe_print_long", numbers(MOST_PRINTED + 1)) == ""


DUMP_TYPES = {
    "bool": (np.uint8, "bool"),
    "int8_t": (np.int8, "int8"),
    "uint8_t": (np.uint8, "uint8"),
    "int16_t": (np.int16, "int16"),
    "uint16_t": (np.uint16, "uint16"),
    "int32_t": (np.int32, "int32"),
    "uint32_t": (np.uint32, "uint32"),
    "int64_t": (np.int64, "int64"),
    "uint64_t": (np.uint64, "uint64"),
    "half": (np.float16, "float16"),
    "bfloat16_t": (np.uint16, "bfloat16"),
    "float": (np.float32, "float32"),
}


def extremes(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    info: Any = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return info.min, info.max


def elements(name: str) -> Array:
    """512 bytes of the type, with extremes at both places that are dumped."""
    dtype = np.dtype(DUMP_TYPES[name][0])
    values = np.arange(512 // dtype.itemsize)
    if name == "bool":
        return (values % 2).astype(dtype)
    typed = values.astype(dtype)
    low, high = extremes(dtype)
    typed[[1, 33]] = 0x3F80 if name == "bfloat16_t" else low
    typed[[2, 34]] = 0xC000 if name == "bfloat16_t" else high
    return typed


def as_text(name: str, values: Array) -> str:
    if name == "bfloat16_t":
        values = from_bfloat16(values)
    if values.dtype.kind == "f":
        return ", ".join(f"{float(value):f}" for value in values)
    return ", ".join(str(int(value)) for value in values)


@covers("DumpTensor.local", "value")
@covers("DumpTensor.global", "value")
@covers("DumpAccChkPoint.local", "value")
@covers("DumpAccChkPoint.global", "value")
@pytest.mark.parametrize("name", DUMP_TYPES)
def test_a_dump_prints_heading_and_values(probes: model.Library, name: str) -> None:
    values, count = elements(name), 5
    dtype, type_name = DUMP_TYPES[name]
    skipped = 32 * np.dtype(dtype).itemsize
    start = values.ctypes.data

    lines = printed(probes, f"probe_dump_{name}", values, numbers(count)).splitlines()

    places = [
        (5, 64, "UB", 0),
        (6, start, "GM", 0),
        (7, 64 + skipped, "UB", 32),
        (8, start + skipped, "GM", 32),
    ]
    for (number, address, memory, first), heading, text in zip(
        places, lines[::2], lines[1::2], strict=True
    ):
        assert heading == (
            f"DumpTensor: desc={number}, addr={address:#x}, data_type={type_name}, "
            f"position={memory}, dump_size={count}"
        )
        assert text == f"[{as_text(name, values[first : first + count])}]"


@covers("DumpTensor.global", "value")
@pytest.mark.parametrize(
    ("count", "lines"), [(0, 2), (MOST_PRINTED // 4, 2), (MOST_PRINTED // 4 + 1, 0)]
)
def test_a_dump_of_too_many_bytes_is_dropped(probes: model.Library, count: int, lines: int) -> None:
    x = np.arange(MOST_PRINTED, dtype=np.int32)

    text = printed(probes, "probe_dump_count", x, numbers(count)).splitlines()

    assert len(text) == lines
    if lines:
        assert text[1] == f"[{', '.join(map(str, range(count)))}]"


def nested(shape: tuple[int, ...], count: int) -> str:
    """Numbers from 0 on in brackets, "-" from ``count`` on."""
    cells = np.array([str(i) if i < count else "-" for i in range(int(np.prod(shape)))])
    text = [str(cell) for cell in cells]
    separator = ","
    for size in reversed(shape):
        text = ["[" + separator.join(text[i : i + size]) + "]" for i in range(0, len(text), size)]
        separator = ",\n"
    return text[0]


@covers("DumpTensor.local.shape", "value")
@covers("DumpTensor.global.shape", "value")
@pytest.mark.parametrize(
    ("shape", "remark"),
    [
        ((64,), ""),
        ((8, 8), ""),
        ((2, 4, 8), ""),
        (
            (7, 8),
            "shape is [7, 8], dumpSize is 64, dumpSize is greater than shapeSize.\n",
        ),
        ((9, 8), "shape is [9, 8], dumpSize is 64, data is not enough.\n"),
    ],
    ids=str,
)
def test_a_dump_with_a_shape_nests(
    probes: model.Library, shape: tuple[int, ...], remark: str
) -> None:
    x = np.arange(64, dtype=np.int32)

    text = printed(probes, "probe_dump_shape", x, numbers(64, len(shape), *shape))

    assert re.sub(r"DumpTensor: desc=\d, .*dump_size=64\n", "#", text) == (
        f"#{remark}{nested(shape, 64)}\n" * 2
    )


# Kernel -> API row, kind of fault, what the fault names.
BROKEN_DUMPS = {
    "unwritten": ("DumpTensor.local", "uninitialized", {"memory": "UB"}),
    "unwritten_shape": ("DumpTensor.local.shape", "uninitialized", {"memory": "UB"}),
    "unwritten_part": ("DumpAccChkPoint.local", "uninitialized", {"memory": "UB"}),
    "beyond": ("DumpTensor.global", "address", {"operand": "source"}),
    "beyond_shape": ("DumpTensor.global.shape", "address", {"operand": "source"}),
    "beyond_part": ("DumpAccChkPoint.global", "address", {"operand": "source"}),
    "unaligned": ("DumpAccChkPoint.local", "alignment", {"rule": "multiple of 32"}),
}


@pytest.mark.parametrize(
    ("kernel", "kind", "named"),
    [
        pytest.param(kernel, kind, named, id=kernel, marks=covers(row, "fault"))
        for kernel, (row, kind, named) in BROKEN_DUMPS.items()
    ],
)
def test_a_dump_reads_what_is_there(
    probes: model.Library, kernel: str, kind: str, named: dict[str, str]
) -> None:
    with raises_fault(kind, instruction="dump_tensor", **named):
        probes.launch(f"probe_dump_{kernel}", [np.zeros(64, np.int32)])


@covers("DumpTensor.local", "fault")
def test_a_dump_is_for_ub_l1_and_l0c(probes: model.Library) -> None:
    with raises_fault("position", instruction="DumpTensor", rule="lie in UB, L1 or L0C"):
        probes.launch("probe_dump_position", [np.zeros(64, np.int32)])


# Value -> API row, condition, what is printed behind the place.
FAILED = {
    1: ("assert", "value != 1", "Assertion `value != 1' "),
    2: ("assert", "value != 2", "Assertion `value != 2' value is 2"),
    3: ("ASSERT", "value != 3", "Assertion `value != 3' "),
}
ASSERTION = r"\[ASSERT\] .*probe_api_\w+\.cpp:\d+: "


@covers("assert", "value")
@covers("ASSERT", "value")
@covers("ASCENDC_ASSERT", "value")
def test_assertions_that_hold_say_nothing(probes: model.Library) -> None:
    assert printed(probes, "probe_assertions", np.array([0], np.int32)) == ""


@pytest.mark.parametrize(
    ("value", "condition", "text"),
    [
        pytest.param(value, *rest, marks=covers(row, "fault"))
        for value, (row, *rest) in FAILED.items()
    ],
)
def test_a_failed_assertion_prints_and_ends_the_kernel(
    probes: model.Library, value: int, condition: str, text: str
) -> None:
    with raises_fault("assert", instruction="assert", rule=f"failed: {condition}") as caught:
        probes.launch("probe_assertions", [np.array([value], np.int32)])

    assert re.fullmatch(ASSERTION + re.escape(text) + "\n", caught.value.report.printed)


@covers("assert", "fault")
@pytest.mark.parametrize(
    ("value", "condition", "text"), [(0, "value != 0", ""), (1, "value != 1", "value is 1")]
)
def test_ascendc_assert_is_the_newer_name(
    probes: model.Library, value: int, condition: str, text: str
) -> None:
    probes.launch("probe_ascendc_assert", [np.array([2], np.int32)])
    with raises_fault("assert", instruction="assert", rule=condition) as caught:
        probes.launch("probe_ascendc_assert", [np.array([value], np.int32)])

    assert caught.value.report.printed.endswith(f"`{condition}' {text}\n")


LOG = r"\[{level}\]\[Block_0\]\[AIV_0\]\[.*probe_api_debug\.cpp:\d+\]\[{function}\] {text}\n"


@covers("ASCENDC_ASSERT", "fault")
def test_a_failed_check_runs_its_handler_first(probes: model.Library) -> None:
    with raises_fault("assert", rule="failed: (value != 4)") as caught:
        probes.launch("probe_assertions", [np.array([4], np.int32)])

    log = LOG.format(level="ERROR", function="probe_assertions", text="value is 4")
    assert re.fullmatch(log, caught.value.report.printed)


@covers("ASCENDC_ASSERT", "value")
def test_logs_say_level_core_and_place(probes: model.Library) -> None:
    expected = {"DEBUG": "one", "INFO": "two 2", "WARN": "three", "ERROR": "four"}
    pattern = "".join(
        LOG.format(level=level, function="probe_logs", text=text)
        for level, text in expected.items()
    )

    assert re.fullmatch(pattern, printed(probes, "probe_logs"))
