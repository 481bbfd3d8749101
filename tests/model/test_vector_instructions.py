# SPDX-License-Identifier: Apache-2.0
"""Element types of every vector instruction: those of model/api/instructions*.toml, no others.

And the ranges that an instruction checks itself, because the API cannot exceed them.
"""

import struct
import sys
from collections.abc import Iterator
from enum import IntEnum, auto
from typing import Any

import pytest
from ascend_attention import model

from tests.model.api_rows import FOLDER
from tests.model.harness import raises_fault

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# In the order of NpuType.
TYPES = [
    *("half", "bfloat16_t", "float"),
    *("int8_t", "uint8_t", "int16_t", "uint16_t", "int32_t", "uint32_t", "int64_t", "uint64_t"),
    "int4b_t",
]


class Family(IntEnum):
    """As in isa_vector.cpp."""

    UNARY = 0
    BINARY = auto()
    BINARY_MIXED = auto()
    SCALAR = auto()
    CONVERT = auto()
    COMPARE = auto()
    COMPARE_SCALAR = auto()
    COMPARE_TO_MASK = auto()
    SELECT = auto()
    FILL = auto()
    COPY = auto()


UNARY = ("vabs", "vexp", "vln", "vsqrt", "vrsqrt", "vrec", "vrelu", "vnot")
BINARY = [
    *("vadd", "vsub", "vmul", "vdiv", "vmax", "vmin", "vand", "vor", "vaddrelu", "vsubrelu"),
    *("vmla", "vmadd", "vmaddrelu"),
]
MIXED = {"vmla": "vmla", "vaddreluconv": "vaddrelu", "vsubreluconv": "vsubrelu", "vmulconv": "vmul"}
SCALAR = ("vadds", "vmuls", "vmaxs", "vmins", "vlrelu", "vaxpy", "vshl", "vshr")
RELATIONS = ("lt", "gt", "eq", "le", "ge", "ne")
ROUNDINGS = "-rfcazo"  # in the order of the modes; '-' is no suffix


def _rows() -> dict[str, dict[str, Any]]:
    paths = sorted(FOLDER.glob("instructions*.toml"))
    rows = [row for path in paths for row in tomllib.loads(path.read_text())["instruction"]]
    return {row["name"]: row for row in rows}


ROWS = _rows()


def documented(name: str) -> set[tuple[str, str]]:
    """Pairs of source and target type of an instruction."""
    pairs = set()
    for entry in ROWS[name]["dtypes"]:
        target, source = entry if isinstance(entry, list) else (entry, entry)
        pairs.add((source.split(" ")[0], target.split(" ")[0]))
    return pairs


def call(
    family: Family,
    operation: int,
    source: str,
    target: str,
    rounding: int = 0,
    *,
    repeats: int = 0,
    stride: tuple[int, int] = (1, 8),
) -> bytes:
    """The struct of the kernel; without repeats nothing is executed."""
    types = TYPES.index(source), TYPES.index(target)
    return struct.pack("<8i", family, operation, *types, rounding, repeats, *stride)


def _same_type_cases() -> Iterator[object]:
    operations = [(Family.UNARY, number, name) for number, name in enumerate(UNARY)]
    operations += [(Family.BINARY, number, name) for number, name in enumerate(BINARY)]
    operations += [(Family.SELECT, mode, "vsel") for mode in (0, 1)]
    operations += [(Family.FILL, 0, "vector_dup"), (Family.COPY, 0, "vcopy")]
    for family, name in [
        (Family.COMPARE, "vcmpv"),
        (Family.COMPARE_SCALAR, "vcmpvs"),
        (Family.COMPARE_TO_MASK, "vcmp"),
    ]:
        operations += [(family, number, name) for number in range(len(RELATIONS))]
    for family, operation, name in operations:
        for element in TYPES:
            supported = (element, element) in documented(name)
            if name.startswith("vcmp") and element == "int32_t" and RELATIONS[operation] != "eq":
                supported = False
            title = f"{name} {operation} {element}"
            yield pytest.param(call(family, operation, element, element), supported, id=title)


def _pair_cases() -> Iterator[object]:
    operations = [(Family.SCALAR, number, name) for number, name in enumerate(SCALAR)]
    operations += [(Family.BINARY_MIXED, BINARY.index(base), name) for name, base in MIXED.items()]
    for family, operation, name in operations:
        known = documented(name)
        if family == Family.BINARY_MIXED:
            base = documented(MIXED[name])
            known = known | {pair for pair in base if pair[0] == pair[1]}
        for source in TYPES:
            for target in TYPES:
                struct_of = call(family, operation, source, target)
                title = f"{name} {source} {target}"
                yield pytest.param(struct_of, (source, target) in known, id=title)


def _convert_cases() -> Iterator[object]:
    modes = {}
    for name, row in ROWS.items():
        if name.startswith("vconv_") and "deq" not in name:
            (pair,) = documented(name)
            modes[pair] = [suffix or "-" for suffix in row.get("suffixes", [""])]
    for source in TYPES:
        for target in TYPES:
            suffixes = modes.get((source, target), [])
            rounding = ROUNDINGS.index(suffixes[0]) if suffixes else 0
            struct_of = call(Family.CONVERT, 0, source, target, rounding)
            yield pytest.param(struct_of, bool(suffixes), id=f"vconv {source} {target}")


@pytest.mark.parametrize(
    ("tiling", "supported"),
    [*_same_type_cases(), *_pair_cases(), *_convert_cases()],
)
def test_an_instruction_has_the_types_of_the_document(
    probes: model.Library, tiling: bytes, supported: bool
) -> None:
    if supported:
        probes.launch("isa_vector", [tiling])
        return
    with raises_fault("type"):
        probes.launch("isa_vector", [tiling])


FAMILIES = [family for family in Family if family not in (Family.COMPARE_TO_MASK, Family.COPY)]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_repeats_must_fit_in_8_bits(probes: model.Library, family: Family) -> None:
    target = "half" if family == Family.CONVERT else "float"
    tiling = call(family, 0, "float", target, repeats=256)

    with raises_fault("parameter", operand="repeat times", rule="(256) must be in 0..255"):
        probes.launch("isa_vector", [tiling])


@pytest.mark.parametrize(
    ("family", "stride", "operand"),
    [
        (Family.UNARY, (1, 256), "dst repeat stride"),
        (Family.BINARY, (1, 256), "dst repeat stride"),
        (Family.BINARY, (256, 8), "dst block stride"),
        (Family.FILL, (1, 256), "dst repeat stride"),
    ],
)
def test_strides_must_fit_in_the_bits_of_the_instruction(
    probes: model.Library, family: Family, stride: tuple[int, int], operand: str
) -> None:
    tiling = call(family, 0, "float", "float", stride=stride)

    with raises_fault("parameter", operand=operand, rule="(256) must be in 0..255"):
        probes.launch("isa_vector", [tiling])
