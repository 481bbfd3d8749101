# SPDX-License-Identifier: Apache-2.0
"""Runs drawn calls of the cube's instructions on the model and compares with their references."""

import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np
from ascend_attention import model

from tests.model.cube_cases import parameter
from tests.model.cube_reference import fixpipe, load, load3d, mmad, nd2nz
from tests.model.cube_reference.memory import (
    FRACTAL,
    IMAGE_BYTES,
    L0_BYTES,
    UNKNOWN,
    Array,
    Expected,
    ceil_div,
)
from tests.model.harness import aligned, assert_same_bits, from_bfloat16, poisoned, to_bfloat16

# As in probe_cube_fuzz.cpp.
TYPES = {"int8_t": 0, "uint8_t": 1, "half": 2, "bfloat16_t": 3, "int32_t": 4, "float": 5}
TYPES_OF_SIZE = {1: ("int8_t",), 2: ("half", "bfloat16_t"), 4: ("float",)}
FORM_2D, FORM_TRANSPOSED, FORM_3D = range(3)
MOST_STEPS = 3
PARAMETERS = 4096  # of a tensor of parameters of Fixpipe

counts: Counter[str] = Counter()  # calls by instruction and outcome


def _random_bytes(seed: int) -> Array:
    image = aligned(IMAGE_BYTES, np.uint8)
    image[:] = np.random.default_rng(seed).integers(0, 256, IMAGE_BYTES, np.uint8)
    return image


SOURCE, BEFORE = _random_bytes(1), _random_bytes(2)
ZEROS = aligned(IMAGE_BYTES // 2, np.uint8)
ZEROS[:] = 0


def _tiling(numbers: Iterable[int]) -> bytes:
    flat = [int(number) for number in numbers]
    return struct.pack(f"<{len(flat)}I", *flat)


def _type(size: int, call: object) -> int:
    """A type of that size: moves do not care which."""
    names = TYPES_OF_SIZE[size]
    return TYPES[names[zlib.crc32(repr(call).encode()) % len(names)]]


def _outcome(name: str, call: object, expected: Expected, run: Callable[[], Array]) -> Array | None:
    """Run the call; its result, or None if the model refused it as it may or must."""
    try:
        result = run()
    except model.ModelError as error:
        if not (expected.broken or expected.doubtful):
            raise AssertionError(f"{call}: refused") from error
        counts[f"{name}: {'refused' if expected.broken else 'refused, open'}"] += 1
        return None
    assert not expected.broken, f"{call}: not refused: {expected.broken}"
    counts[f"{name}: {'compared, open' if expected.doubtful else 'compared'}"] += 1
    return result


def _assert_cells(call: object, actual: Array, expected: Array, others: Array) -> None:
    wrong = (expected != UNKNOWN) & (actual != expected) & (actual != others)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise AssertionError(
            f"{call}: {int(wrong.sum())} bytes differ, first at {at}: "
            f"{int(actual[at]):#x} is not {int(expected[at]):#x}"
        )


def _check_image(
    probes: model.Library,
    kernel: str,
    name: str,
    call: object,
    expected: Expected,
    numbers: Iterable[int],
) -> None:
    def run() -> Array:
        out = poisoned(IMAGE_BYTES, np.uint8)
        probes.launch(
            kernel, [model.In(SOURCE), model.In(BEFORE), model.Out(out), _tiling(numbers)]
        )
        return out

    out = _outcome(name, call, expected, run)
    if out is not None:
        _assert_cells(call, out, expected.after, expected.after)


def check_nd2nz(probes: model.Library, call: nd2nz.Nd2Nz) -> None:
    expected = nd2nz.expect(call, SOURCE, BEFORE)
    numbers = list(vars(call).values())
    numbers[0] = _type(call.size, call)
    _check_image(probes, "probe_fuzz_nd2nz", "ND2NZ", call, expected, numbers)


def _load(form: int, call: load.Load2D | load.LoadTransposed | load3d.Load3D) -> list[int]:
    """The struct of a load: fields that the call lacks are 0."""
    names = ("start_index", "repeat_times", "src_stride", "dst_gap", "dst_frac_gap")
    flat = [getattr(call, name, 0) for name in names]
    flat += [getattr(call, "transposed", 0), getattr(call, "addr_mode", 0)]
    image = [name for name in load3d.Load3D.__dataclass_fields__ if name != "transposed"][5:]
    convolution = [getattr(call, name, 0) for name in image] + [getattr(call, "transposed", 0)]
    origin = getattr(call, "origin", load.L1)
    places = [call.src, call.dst, call.image]
    return [form, _type(call.size, call), origin, call.target, *places, *flat, *convolution]


def check_load_2d(probes: model.Library, call: load.Load2D) -> None:
    expected = load.expect_2d(call, SOURCE, BEFORE)
    numbers = _load(FORM_2D, call)
    _check_image(probes, "probe_fuzz_load", "LoadData 2D", call, expected, numbers)


def check_load_transposed(probes: model.Library, call: load.LoadTransposed) -> None:
    expected = load.expect_transposed(call, SOURCE, BEFORE)
    numbers = _load(FORM_TRANSPOSED, call)
    _check_image(probes, "probe_fuzz_load", "LoadDataWithTranspose", call, expected, numbers)


def check_load_3d(probes: model.Library, call: load3d.Load3D) -> None:
    expected = load3d.expect(call, SOURCE, BEFORE)
    numbers = _load(FORM_3D, call)
    _check_image(probes, "probe_fuzz_load", "LoadData 3D", call, expected, numbers)


# Mmad.


def _random(call: object) -> np.random.Generator:
    """Numbers that follow from the call, so that a failing one fails again."""
    return np.random.default_rng(zlib.crc32(repr(call).encode()))


def _numbers(random: np.random.Generator, type_: str, shape: tuple[int, ...]) -> Array:
    """Operands of a type as its bits: small and exact, wide, or with special values among them."""
    if type_ == "int8_t":
        least, end = random.choice([(-2, 3), (-128, 128), (0, 128), (-128, 1)])
        return random.integers(least, end, shape).astype(np.int8).view(np.uint8)
    kind = random.integers(0, 4)
    if kind == 0:
        values = random.integers(-8, 9, shape).astype(np.float64)
    elif kind == 1:
        values = random.standard_normal(shape)
    else:
        reach = 15 if type_ == "half" else 60
        middle = 0 if type_ == "half" else random.choice([0, 0, -70, 60])  # or near the ends
        exponents = random.integers(middle - reach, middle + reach, shape)
        values = random.standard_normal(shape) * np.exp2(exponents)
    if kind == 3:
        rare = random.random(shape) < 0.001
        specials = np.array([np.inf, -np.inf, np.nan, -0.0, 0.0, 1e-41, 6e-8, 3e38, 65504])
        values = np.where(rare, random.choice(specials, shape), values)
    with np.errstate(over="ignore", invalid="ignore"):
        if type_ == "half":
            return values.astype(np.float16).view(np.uint16)
        if type_ == "bfloat16_t":
            return to_bfloat16(values.astype(np.float32))
        return values.astype(np.float32).view(np.uint32)


def _values(type_: str, bits: Array) -> Array:
    if type_ == "int8_t":
        return bits.view(np.int8).astype(np.int64)
    if type_ == "half":
        return bits.view(np.float16).astype(np.float32)
    return from_bfloat16(bits) if type_ == "bfloat16_t" else bits.view(np.float32)


def _operand(
    random: np.random.Generator, call: mmad.Mmad, places: list[Array]
) -> tuple[Array, list[Array]]:
    """An image of L0A or L0B, poisoned beside its operands, and their values."""
    bits = np.dtype(f"u{call.size}")
    end = max(int(place.max(initial=0)) + call.size for place in places)
    image = poisoned(min(ceil_div(end, FRACTAL) * FRACTAL, L0_BYTES), np.uint8)
    whole = image.view(bits)
    if end <= L0_BYTES and not any(place.size and place.min() % call.size for place in places):
        for place in places:
            whole[place // call.size] = _numbers(random, call.type, place.shape)
        return image, [_values(call.type, whole[place // call.size]) for place in places]
    return image, []


def _bias(random: np.random.Generator, call: mmad.Mmad) -> Array:
    table = aligned(mmad.BIAS_BYTES, np.uint8)
    count = mmad.BIAS_BYTES // 4
    if call.type == "int8_t":
        values = random.integers(-(1 << 16), 1 << 16, count)
        near_end = random.choice([0, mmad.INT32.min, mmad.INT32.max], count)
        table.view(np.int32)[:] = np.clip(values + near_end, mmad.INT32.min, mmad.INT32.max)
    else:
        table.view(np.uint32)[:] = _numbers(random, "float", (count,))
    return table


def check_mmad(probes: model.Library, call: mmad.Mmad) -> None:
    random = _random(call)
    broken, doubtful = mmad.rules(call)
    a_image, a = _operand(random, call, [mmad.places_of_a(call, step) for step in call.steps])
    b_image, b = _operand(random, call, [mmad.places_of_b(call, step) for step in call.steps])
    bias = _bias(random, call)
    result_type = np.int32 if call.type == "int8_t" else np.float32

    def run() -> Array:
        out = poisoned((call.m, call.n) if not broken else (1 << 16,), result_type)
        numbers = [TYPES[call.type], call.m, call.n, call.c, call.bias, a_image.size, b_image.size]
        numbers += [call.fixpipe_unit_flag, len(call.steps)]
        steps = [number for step in call.steps for number in vars(step).values()]
        steps += [0] * (6 * MOST_STEPS - len(steps))
        probes.launch(
            "probe_fuzz_mmad",
            [a_image, b_image, bias, model.Out(out), _tiling(numbers + steps)],
        )
        return out

    nothing = np.zeros(0, np.int16)
    out = _outcome("Mmad", call, Expected(nothing, broken, doubtful), run)
    if out is None:
        return
    start = call.bias // 4
    table = bias.view(result_type)[start : start + call.n]
    sums = mmad.sums(call, list(zip(a, b, strict=True)), table)
    nan = np.isnan(sums.values) & np.isnan(out)
    known = sums.known & ~nan
    assert_same_bits(np.where(known, out, 0), np.where(known, sums.values, 0), str(call))
    finite = known & np.isfinite(sums.values) & np.isfinite(sums.exact)
    error = np.abs(np.where(finite, out, 0).astype(np.float64) - np.where(finite, sums.exact, 0))
    assert (error <= np.where(finite, sums.bound, 0)).all(), f"{call}: beyond the error of float32"


# Fixpipe.


def _accumulators(random: np.random.Generator, call: fixpipe.Fixpipe) -> Array:
    count = IMAGE_BYTES // 4
    kind = random.integers(0, 4)
    if call.source_type == "int32_t":
        wide = (1 << 31, 1 << 18, 1 << 9, 1 << 31)[kind]
        return random.integers(-wide, wide, count).astype(np.int32)
    if kind == 0:
        return random.integers(0, 1 << 32, count, np.uint32).view(np.float32)
    if kind == 1:  # halves and quarters, of which conversions break ties
        return (random.integers(-1200, 1200, count) / 4).astype(np.float32)
    reach = 6 if kind == 2 else 30
    values = random.standard_normal(count) * np.exp2(random.integers(-reach, reach, count))
    return values.astype(np.float32)


def check_fixpipe(probes: model.Library, call: fixpipe.Fixpipe) -> None:
    random = _random(call)
    image = aligned(IMAGE_BYTES // 4, fixpipe.NUMPY[call.source_type])
    image[:] = _accumulators(random, call)
    table = aligned(PARAMETERS, np.uint64)
    words = random.integers(0, 1 << 64, PARAMETERS, np.uint64)
    table[:] = [parameter(int(word), call.target_type, False) for word in words]
    expected, others = fixpipe.expect(call, image, table, BEFORE)
    low, high = call.scalar & 0xFFFFFFFF, call.scalar >> 32

    def run() -> Array:
        out = aligned(IMAGE_BYTES, np.uint8)
        out[:] = BEFORE
        numbers = [TYPES[call.source_type], TYPES[call.target_type]]
        fields = {**vars(call), "quant": fixpipe.QUANTS.index(call.quant)}
        numbers += [fields[name] for name in list(fields)[2:-1]]
        probes.launch(
            "probe_fuzz_fixpipe",
            [ZEROS, image, table, BEFORE, model.InOut(out), _tiling([*numbers, low, high])],
        )
        return out

    out = _outcome("Fixpipe", call, expected, run)
    if out is not None:
        _assert_cells(call, out, expected.after, others)
