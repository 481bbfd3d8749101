# SPDX-License-Identifier: Apache-2.0
"""Atomics, the data cache, system variables, scalar functions and the workspace."""

from collections.abc import Callable

import numpy as np
import pytest
from ascend_attention import model

from tests.model.answers import answers, answers_of_cores, numbers
from tests.model.harness import (
    Array,
    aligned,
    assert_same_bits,
    covers,
    from_bfloat16,
    in_every_order,
    raises_fault,
    to_bfloat16,
)
from tests.model.rounding import Mode, converted
from tests.model.vector_call import FLOAT, HALF, INT32

SOC = model.socs()["Ascend910B2"]
UB_BYTES = SOC.local_bytes["UB"] - SOC.reserved_ub_bytes
COUNT = 32
CORES = 3
MIB = 1 << 20

ATOMIC_TYPES = {
    "float": np.float32,
    "half": np.float16,
    "bfloat16_t": np.uint16,  # bits
    "int8_t": np.int8,
    "int16_t": np.int16,
    "int32_t": np.int32,
}
COMBINE: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add,
    "max": np.maximum,
    "min": np.minimum,
    "type": np.add,  # SetAtomicType after SetAtomicAdd of another type
}


def combined(combine: Callable[[Array, Array], Array], name: str, values: Array) -> Array:
    """All rows of ``values`` combined in order, each step in the type."""
    total: Array = values[0]
    for row in values[1:]:
        if name == "bfloat16_t":
            total = to_bfloat16(combine(from_bfloat16(total), from_bfloat16(row)))
        else:
            total = combine(total, row)
    return total


@covers("SetAtomicAdd", "value")
@covers("SetAtomicMax", "value")
@covers("SetAtomicMin", "value")
@covers("SetAtomicType", "value")
@covers("SetAtomicNone", "value")
@pytest.mark.parametrize("operation", COMBINE)
@pytest.mark.parametrize("name", ATOMIC_TYPES)
def test_stores_of_several_cores_combine(probes: model.Library, name: str, operation: str) -> None:
    # Small whole numbers: sums are exact, so the order of the cores does not show.
    values = np.random.default_rng(0).integers(-20, 20, (CORES + 1, COUNT))
    typed = (
        to_bfloat16(values.astype(np.float32))
        if name == "bfloat16_t"
        else values.astype(ATOMIC_TYPES[name])
    )

    def store() -> list[Array]:
        out = aligned(COUNT, typed.dtype)
        out[...] = typed[0]
        x = np.ascontiguousarray(typed[1:])
        probes.launch(f"probe_atomic_{operation}_{name}", [x, model.InOut(out)], blocks=CORES)
        return [out]

    (out,) = in_every_order(store)
    assert_same_bits(out, combined(COMBINE[operation], name, typed))


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(0, marks=covers("SetAtomicMax", "fault")),
        pytest.param(1, marks=covers("SetAtomicMin", "fault")),
    ],
)
def test_atomic_mode_must_be_off_at_the_end(probes: model.Library, operation: int) -> None:
    with raises_fault("atomic", rule="atomic mode must be switched off"):
        probes.launch("probe_atomic_left_on", [numbers(operation)])


@covers("SetStoreAtomicConfig", "value")
@covers("GetStoreAtomicConfig", "value")
def test_the_atomic_configuration_of_scalar_stores_is_a_register(probes: model.Library) -> None:
    assert answers(probes, "probe_store_atomic_config", 6) == [0, 0, 6, 0, 0, 0]


LINE = np.arange(1, 17, dtype=np.int32)


@covers("DataCacheCleanAndInvalid.gm", "value")
@covers("DataCacheCleanAndInvalid.gm.dst", "value")
@pytest.mark.parametrize("kernel", ["probe_clean", "probe_clean_all"])
@pytest.mark.parametrize("places", [(0,), (8, 0), (12, 8, 4, 0), (1, 0)], ids=str)
def test_a_clean_reaches_from_the_address_to_the_end_of_the_line(
    probes: model.Library, kernel: str, places: tuple[int, ...]
) -> None:
    out = aligned(16, np.int32)
    probes.launch(kernel, [model.Out(out), numbers(len(places), *places)])

    assert_same_bits(out, LINE)


@covers("DataCacheCleanAndInvalid.gm", "fault")
@pytest.mark.parametrize("places", [(), (8,), (4, 8)], ids=str)
def test_the_beginning_of_a_line_needs_a_clean_too(
    probes: model.Library, places: tuple[int, ...]
) -> None:
    out = aligned(16, np.int32)
    with raises_fault("data_cache", instruction="scalar_store_gm", rule="must be written back"):
        probes.launch("probe_clean", [model.Out(out), numbers(len(places), *places)])


@covers("DataCacheCleanAndInvalid.gm.dst", "fault")
def test_the_cache_has_no_atomic_target(probes: model.Library) -> None:
    out = aligned(16, np.int32)
    with raises_fault("parameter", instruction="DataCacheCleanAndInvalid", rule="dcciDst (3)"):
        probes.launch("probe_clean_atomic", [model.Out(out), numbers(1, 0)])


@covers("DataCacheCleanAndInvalid.ub.dst", "value")
def test_a_clean_of_ub_changes_nothing(probes: model.Library) -> None:
    assert answers(probes, "probe_clean_ub", 1) == [5]


@covers("DataCacheCleanAndInvalid.ub.dst", "fault")
@pytest.mark.parametrize(
    ("kernel", "instruction", "rule"),
    [
        ("probe_clean_ub_beyond", "dcci", "(196608) must be in"),
        ("probe_clean_ub_as_gm", "DataCacheCleanAndInvalid", "dcciDst (2) must be CACHELINE_UB"),
    ],
)
def test_a_clean_of_ub_names_ub(
    probes: model.Library, kernel: str, instruction: str, rule: str
) -> None:
    with raises_fault("parameter", instruction=instruction, rule=rule):
        probes.launch(kernel, [])


def preload(probes: model.Library, offset: int, *, read: bool) -> None:
    x = aligned(16, np.int32)
    x[...] = 0
    probes.launch("probe_preload", [model.InOut(x), LINE, numbers(offset, int(read))])


@covers("DataCachePreload", "value")
def test_a_preload_has_no_visible_value_but_fills_the_cache(probes: model.Library) -> None:
    preload(probes, 32, read=False)
    with raises_fault("data_cache", instruction="scalar_load_gm", rule="has changed"):
        preload(probes, 32, read=True)


@covers("DataCachePreload", "fault")
@pytest.mark.parametrize("offset", [-8, 64, 1 << 20])
def test_a_preload_stays_inside_an_argument(probes: model.Library, offset: int) -> None:
    with raises_fault("address", instruction="dc_preload", operand="source"):
        preload(probes, offset, read=False)


@covers("GetTaskRation", "value")
@covers("GetSystemCycle", "value")
@covers("GetArchVersion", "value")
@covers("GetDataBlockSizeInBytes", "value")
@pytest.mark.parametrize(("type", "ratio"), [("AIV_ONLY", 1), ("MIX_AIC_1_2", 2)])
def test_system_variables(probes: model.Library, type: str, ratio: int) -> None:
    got = answers_of_cores(probes, "probe_system_variables", 2 * ratio, 4, blocks=2, type=type)

    assert got == [[ratio, 1, 0x220, 32]] * (2 * ratio)


@covers("GetTaskRation", "value")
@covers("GetSubBlockNum", "value")
@covers("GetSubBlockIdx", "value")
@pytest.mark.parametrize("type", ["AIC_ONLY", "MIX_AIC_1_1", "MIX_AIC_1_2"])
def test_a_block_has_one_cube_core(probes: model.Library, type: str) -> None:
    got = answers_of_cores(probes, "probe_cube_ratio", 2, 3, blocks=2, type=type)

    assert got == [[1, 1, 0]] * 2


@covers("GetProgramCounter", "value")
def test_program_counter_goes_on(probes: model.Library) -> None:
    assert answers(probes, "probe_program_counter", 1) == [1]


@covers("Trap", "value")
@covers("Trap", "fault")
def test_a_trap_ends_the_kernel(probes: model.Library) -> None:
    probes.launch("probe_trap", [np.array([0], np.int32)])
    with raises_fault("assert", instruction="Trap", rule="stopped itself"):
        probes.launch("probe_trap", [np.array([1], np.int32)])


def bit_functions(value: int) -> list[int]:
    """What probe_bits answers for a value."""
    bits = f"{value:064b}"
    same = len(bits) - len(bits.lstrip(bits[0])) - 1
    low = bits[::-1]
    return [
        bits.count("1"),
        bits.count("0"),
        64 - len(bits.lstrip("0")) if value else 64,
        same if 0 < value < 2**64 - 1 else -1,
        low.find("1"),
        low.find("0"),
    ]


@covers("ScalarGetCountOfValue", "value")
@covers("ScalarCountLeadingZero", "value")
@covers("CountBitsCntSameAsSignBit", "value")
@covers("ScalarGetSFFValue", "value")
def test_functions_on_the_bits_of_a_scalar(probes: model.Library) -> None:
    random = np.random.default_rng(0).integers(0, 2**64 - 1, 20, dtype=np.uint64).tolist()
    documented = [0, 2**64 - 1, 2**63 - 1, 2**63, 1, 0x00F0000000000000, 0x0100000000000020, 0xFF00]
    values = [*documented, *random]

    got = answers(
        *(probes, "probe_bits", 6 * len(values), np.array(values, np.uint64)),
        tiling=numbers(len(values)),
    )

    assert got == [answer for value in values for answer in bit_functions(value)]
    assert [got[3], got[9], got[15], got[21], got[27], got[33], got[39]] == [-1, -1, 0, 0, 62, 7, 6]


@covers("ScalarCast", "value")
def test_scalars_convert_like_vectors(probes: model.Library) -> None:
    random = np.random.default_rng(0)
    scaled = random.standard_normal(200) * 10.0 ** random.integers(-8, 12, 200)
    ties = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.0, -0.0, 2.0**-24, 2.0**-26, 65504, 65519, 65520]
    edges = [np.inf, -np.inf, np.nan, 2.0**31, -(2.0**31), 2.0**31 - 128, -3e38, 1e-45]
    x = np.concatenate([scaled, ties, edges]).astype(np.float32)
    halves, integers = aligned(x.size, np.float16), aligned((4, x.size), np.int32)
    outputs = [model.Out(halves), model.Out(integers)]
    probes.launch("probe_scalar_cast", [x, *outputs, numbers(x.size)])

    assert_same_bits(halves, converted(x, FLOAT, HALF, Mode.ODD), "CAST_ODD")
    for row, mode in enumerate([Mode.RINT, Mode.FLOOR, Mode.CEIL, Mode.ROUND]):
        assert_same_bits(integers[row], converted(x, FLOAT, INT32, mode), mode.name)


@covers("GetUserWorkspace", "value")
@covers("GetSysWorkSpacePtr", "value")
@covers("SetSysWorkspace", "value")
def test_the_workspace_of_the_library_is_in_front_of_that_of_the_kernel(
    probes: model.Library,
) -> None:
    workspace = np.zeros(2048, np.uint8)

    got = answers(probes, "probe_workspace", 5, workspace)

    assert got == [1, 16 * MIB, 512, 16 * MIB + 512, 1024]


@pytest.mark.parametrize(
    ("kernel", "function"),
    [
        pytest.param(
            *("probe_set_workspace", "SetSysWorkspace"), marks=covers("SetSysWorkspace", "fault")
        ),
        pytest.param(
            *("probe_user_workspace", "GetUserWorkspace"),
            marks=covers("GetUserWorkspace", "fault"),
        ),
    ],
)
def test_there_must_be_a_workspace(probes: model.Library, kernel: str, function: str) -> None:
    probes.launch(kernel, [np.zeros(8, np.uint8)])
    with raises_fault("parameter", instruction=function, rule="must not be null"):
        probes.launch(kernel, [None])


OUTPUT_TYPES = {
    "half": np.float16,
    "int16_t": np.int16,
    "uint16_t": np.uint16,
    "int32_t": np.int32,
    "uint32_t": np.uint32,
    "float": np.float32,
}
MOST = 8160  # bytes of a piece


def init_output(
    probes: model.Library, name: str, first: int, size: int, *, taken: int = 32
) -> Array:
    out = aligned(first + size + 8, OUTPUT_TYPES[name])
    out[...] = 1
    job = numbers(first, size, taken)
    probes.launch(f"probe_init_output_{name}", [model.InOut(out), job])
    return out


@covers("InitOutput", "value")
@pytest.mark.parametrize("name", OUTPUT_TYPES)
@pytest.mark.parametrize("first", [0, 3])
@pytest.mark.parametrize("pieces", [0, 1, 2.5])
def test_init_output_fills_a_part_of_gm(
    probes: model.Library, name: str, first: int, pieces: float
) -> None:
    size = int(pieces * MOST // np.dtype(OUTPUT_TYPES[name]).itemsize)

    out = init_output(probes, name, first, size)

    expected = np.ones_like(out)
    expected[first : first + size] = 3
    assert_same_bits(out, expected)


@covers("InitOutput", "fault")
def test_init_output_stays_inside_an_argument(probes: model.Library) -> None:
    with raises_fault("address", instruction="copy_ubuf_to_gm_align", operand="target"):
        out = aligned(100, np.float32)
        probes.launch("probe_init_output_float", [model.Out(out), numbers(0, 101, 32)])


@covers("InitOutput", "fault")
def test_init_output_needs_room_in_ub(probes: model.Library) -> None:
    with raises_fault("address", memory="UB", rule="bytes that a kernel may use"):
        init_output(probes, "float", 0, 2048, taken=UB_BYTES - 32)
