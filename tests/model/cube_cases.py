# SPDX-License-Identifier: Apache-2.0
"""Draws calls of the cube's instructions: possible ones, some at limits, some not allowed."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from hypothesis import strategies as st

from tests.model.cube_reference import fixpipe, load, load3d, mmad, nd2nz
from tests.model.cube_reference.memory import FRACTAL, IMAGE_BYTES, L1_BYTES, ceil_div

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[Any]], Any]

IMAGES = (0, L1_BYTES - IMAGE_BYTES)  # the second lets a call run off the end of L1
LOAD_TYPES = ((1, "int8_t"), (2, "half"), (2, "bfloat16_t"), (4, "float"))


class Source:
    """Draws numbers; now and then one that is rarely used or not allowed."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._odd = draw(st.integers(0, 3)) == 3  # whether this call may have rare numbers

    def number(self, least: int, most: int, rare: tuple[int, ...] = ()) -> int:
        if rare and self._odd and self._draw(st.integers(0, 5)) == 5:
            return int(self._draw(st.sampled_from(rare)))
        return int(self._draw(st.integers(least, most)))

    def pick(self, usual: tuple[T, ...], rare: tuple[T, ...] = ()) -> T:
        if rare and self._odd and self._draw(st.integers(0, 5)) == 5:
            return cast(T, self._draw(st.sampled_from(rare)))
        return cast(T, self._draw(st.sampled_from(usual)))

    def place(self, unit: int, most: int, rare: tuple[int, ...] = ()) -> int:
        """A multiple of ``unit`` up to ``most``."""
        if rare and self._odd and self._draw(st.integers(0, 5)) == 5:
            return int(self._draw(st.sampled_from(rare)))
        return unit * self.number(0, most // unit)


@st.composite
def nd2nz_calls(draw: Draw) -> nd2nz.Nd2Nz:
    source = Source(draw)
    size = source.pick((1, 2, 4))
    nd_num = source.number(1, 4, (0, 4095, 4096, 65535))
    n_value = source.number(1, 40, (0, 16384, 16385, 65535))
    d_value = source.number(1, 80, (0, 65535))
    blocks = ceil_div(max(d_value, 1) * size, 32)
    n_stride = source.number(1, 3, (0, 16384, 16385))
    c0_least = min(n_value * n_stride, 16384)
    dense = source.pick((True, True, False))
    c0_stride = source.number(c0_least, c0_least + 8, (0, 1, 16384, 16385, 65535))
    matrix_least = min(blocks * c0_stride * 32 // size, 65535)
    matrix_stride = matrix_least if dense else min(matrix_least + 32 // size, 65535)
    image = source.pick(IMAGES)
    return nd2nz.Nd2Nz(
        size=size,
        gm=source.number(0, 600, (IMAGE_BYTES - 1,)),
        l1=image + source.place(32, 4096, (1, 16, 48, IMAGE_BYTES - 32)),
        image=image,
        nd_num=nd_num,
        n_value=n_value,
        d_value=d_value,
        src_nd_matrix_stride=source.number(0, 2000, (65535,)),
        src_d_value=source.number(d_value, d_value + 40, (0, 1, 65535)) & 0xFFFF,
        dst_nz_c0_stride=c0_stride,
        dst_nz_n_stride=n_stride,
        dst_nz_matrix_stride=source.number(matrix_stride, matrix_stride, (0, 1, 16385, 65535)),
    )


@st.composite
def loads_2d(draw: Draw) -> load.Load2D:
    source = Source(draw)
    origin = source.pick((load.L1, load.L1, load.GM))
    targets = (load.L0A, load.L0B) if origin == load.L1 else (load.L0A, load.L0B, load.L1)
    target = source.pick(targets)
    size = source.pick((1, 2, 2, 4))
    transposed = int(size == 2 and origin == load.L1 and source.pick((False, True)))
    image = source.pick(IMAGES)
    start = 0 if origin == load.GM else image
    src_unit = 1 if origin == load.GM else 32
    repeat_times = source.number(1, 24, (0, 128, 255))
    return load.Load2D(
        size=size,
        origin=origin,
        target=target,
        src=start + source.place(src_unit, 8192, (start + 16, IMAGE_BYTES - 512)),
        dst=_target(source, target),
        image=image,
        start_index=source.number(0, 40, (127, 128, 65535)),
        repeat_times=repeat_times,
        src_stride=source.number(0, 4, (100, 65535)),
        dst_gap=source.number(0, 3, (65535,)),
        transposed=source.number(transposed, transposed, (1,)),
        addr_mode=int(target == load.L1 and source.pick((False, True))),
    )


def _target(source: Source, target: int) -> int:
    if target == load.L1:
        return load.SPARE + source.place(32, 8192, (16, L1_BYTES - 512))
    return source.place(FRACTAL, 8192, (256, 32, IMAGE_BYTES - 512))


@st.composite
def loads_transposed(draw: Draw) -> load.LoadTransposed:
    source = Source(draw)
    size = source.pick((1, 2, 4))
    image = source.pick(IMAGES)
    count = 1 if size == 2 else 2
    repeat_times = source.number(1, 12, (0, 64, 255))
    # Either the fractals of a square lie together and the squares apart, or the other way round.
    gap, frac_gap = source.pick(((count - 1, 0), (0, repeat_times - 1), (count, 0), (3, 1)))
    return load.LoadTransposed(
        size=size,
        target=source.pick((load.L0A, load.L0B)),
        src=image + source.place(32, 8192, (16, IMAGE_BYTES - 512)),
        dst=source.place(FRACTAL, 8192, (256, IMAGE_BYTES - 512)),
        image=image,
        start_index=source.number(0, 20, (63, 64, 65535)),
        repeat_times=repeat_times,
        src_stride=source.number(0, 4, (50, 65535)),
        dst_gap=source.number(gap, gap, (0, 1, 65535)),
        dst_frac_gap=source.number(max(frac_gap, 0), max(frac_gap, 0), (0, 1, 65535)),
    )


@st.composite
def loads_3d(draw: Draw) -> load3d.Load3D:
    source = Source(draw)
    size = source.pick((1, 2, 2, 4))
    target = load.L0A if size == 1 else source.pick((load.L0A, load.L0B))
    c0 = 32 // size
    plain = source.pick((True, False))  # a plain matrix: windows of one point
    filter_w, filter_h = (1, 1) if plain else (source.number(1, 3), source.number(1, 3))
    l1_h = source.number(filter_h, 12, (0, 32767, 32768))
    l1_w = source.number(filter_w, 12, (0, 32767, 32768))
    pads = [0 if plain else source.number(0, 3, (255,)) for _ in range(4)]
    channels = c0 * source.number(1, 4)
    columns = channels * filter_w * filter_h // c0
    k_start = source.number(0, columns - 1)
    k_count = source.number(1, columns - k_start)
    image = source.pick(IMAGES)
    call = load3d.Load3D(
        size=size,
        target=source.pick((target,), (load.L0A, load.L0B)),
        src=image + source.place(32, 4096, (16, IMAGE_BYTES - 512)),
        dst=source.place(FRACTAL, 8192, (256, IMAGE_BYTES - 512)),
        image=image,
        pad_bits=source.number(0, (1 << 8 * size) - 1),
        pad_left=pads[0],
        pad_right=pads[1],
        pad_top=pads[2],
        pad_bottom=pads[3],
        l1_h=l1_h,
        l1_w=l1_w,
        channel_size=source.number(channels, channels, (0, 4, channels + 4, channels + 5, 65535)),
        k_extension=source.number(k_count * c0, k_count * c0, (0, c0 - 1, k_count * c0 + 1, 65535)),
        m_extension=0,
        k_start_pt=source.number(k_start * c0, k_start * c0, (1, c0 // 2, 65535)),
        m_start_pt=0,
        stride_w=1 if plain else source.number(1, 3, (0, 63, 64)),
        stride_h=1 if plain else source.number(1, 3, (0, 63, 64)),
        filter_w=source.number(filter_w, filter_w, (0, 255)),
        filter_h=source.number(filter_h, filter_h, (0, 255)),
        dilation_w=1 if plain else source.number(1, 2, (0, 255)),
        dilation_h=1 if plain else source.number(1, 2, (0, 255)),
        transposed=int(size > 1 and source.pick((False, True))),
    )
    rows = call.rows if call.stride_h and call.stride_w else 1
    rows = min(max(rows, 1), 4096)
    m_start = source.number(0, rows - 1, (32767, 32768, 65535))
    left = max(rows - m_start, 1)
    choices = (left, min(left, 256)) + ((min(left // 16 * 16, 256),) if left >= 16 else ())
    m_extension = source.pick(choices, (0, 1, 17, 65535))
    return load3d.Load3D(
        **{**call.__dict__, "m_start_pt": m_start, "m_extension": min(m_extension, 65535)}
    )


@st.composite
def mmads(draw: Draw) -> mmad.Mmad:
    source = Source(draw)
    type_, size = source.pick((("int8_t", 1), ("half", 2), ("bfloat16_t", 2), ("float", 4)))
    m = source.pick((1, source.number(1, 48), source.number(1, 200)), (4095, 4096, 600))
    n = source.pick((source.number(1, 48), source.number(1, 150)), (4095, 4096, 600))
    unit_flags = source.pick((False, True))
    count = source.number(1, 3)
    steps = []
    for i in range(count):
        starts = (mmad.ZERO, mmad.BIAS, mmad.BIAS_IGNORED) if i == 0 else tuple(range(5))
        flag = 0 if not unit_flags else 3 if i == count - 1 else 2
        # A Mmad without depth does nothing, and raises no flags either.
        depths = (source.number(1, 40), source.number(1, 100), *((0,) if 0 < i < count - 1 else ()))
        steps.append(
            mmad.Step(
                k=source.pick(depths, (300, 1024, 4095, 4096)),
                a=source.place(FRACTAL, 2048, (32, 256)),
                b=source.place(FRACTAL, 2048, (32, 256)),
                start=source.pick(starts),
                unit_flag=source.number(flag, flag, (0, 1, 2, 3)),
                k_direction_align=source.pick((0, 0, 1)),
            )
        )
    fixpipe_flag = 3 if unit_flags else 0
    return mmad.Mmad(
        type=type_,
        size=size,
        m=m,
        n=n,
        c=source.place(1024, 8192, (64, 512, 130048)),
        bias=source.place(128, 256, (32, 64, 960)),
        fixpipe_unit_flag=source.number(fixpipe_flag, fixpipe_flag, (0, 3)),
        steps=tuple(steps),
    )


@st.composite
def fixpipes(draw: Draw) -> fixpipe.Fixpipe:
    source = Source(draw)
    types = source.pick(tuple(fixpipe.MODES))
    quant = source.pick(fixpipe.MODES[types], fixpipe.QUANTS)
    to_l1 = int(types[0] != types[1] and types[1] != "uint8_t" and source.pick((False, True)))
    row_major = int(not to_l1 and source.pick((True, False)))
    split = int(types == ("float", "float") and not row_major and source.pick((False, True)))
    unit = 1 if row_major else 8 if split else 16
    size = fixpipe.SIZES[types[1]]
    n_size = unit * source.pick((source.number(1, 48 // unit + 1), source.number(1, 272 // unit)))
    m_size = source.number(1, 40, (0, 1024, 8193, 65535))
    nd_num = source.number(1, 3, (0, 65535)) if row_major else source.number(1, 1, (0, 2))
    rows = ceil_div(m_size, 16) * 16
    # Matrices lie beside each other: below the others, or after their columns.
    dst_least = n_size if row_major else ceil_div(m_size * 16 * size, 32)
    if not row_major and (split or size == 1):
        dst_least = m_size
    dst_stride = dst_least + source.number(0, 8)
    dst = source.place(1 if size == 1 else size, 4096, (1, 3)) if row_major else 0
    tensor = int(quant.startswith("V"))
    words = st.integers(0, 2**64 - 1)
    return fixpipe.Fixpipe(
        source_type=types[0],
        target_type=types[1],
        to_l1=to_l1,
        row_major=row_major,
        vector=source.number(tensor, tensor, (0, 1)),
        src=source.place(64, 4096, (16, 32, IMAGE_BYTES - 64)),
        dst=dst if row_major else source.place(32, 4096, (1, 16, IMAGE_BYTES - 64)),
        workspace=4 * IMAGE_BYTES + source.place(32, 1024, (8, 16)),
        quant=quant,
        n_size=source.number(n_size, n_size, (0, n_size + 1, 4095, 4096)),
        m_size=m_size,
        src_stride=source.number(rows, rows + 16, (0, 1, 65535)) & 0xFFFF,
        dst_stride=source.number(dst_stride, dst_stride, (0, 1, 65535, 2**32 - 1)),
        nd_num=nd_num,
        src_nd_stride=source.number(int(nd_num > 1), 8, (512, 513, 65535)),
        dst_nd_stride=min(m_size * dst_stride + source.number(0, 8, (0,)), 65535),
        relu=source.pick((0, 1)),
        channel_split=source.number(split, split, (0, 1)),
        scalar=parameter(draw(words), types[1], source.pick((False,), (True,))),
    )


def parameter(word: int, target_type: str, any_: bool) -> int:
    """A parameter of 64 bits from a drawn word: a fitting one unless any will do."""
    if any_:
        return word
    factor = (word & 0x807FFFFF) | (127 - 40 + word % 60) << 23
    kept = word & (0x1F << 32 | 0x1FFFF << 47)  # shift and its switch, and bits without meaning
    offset = (word >> 37 & 0xFF) << 37
    return factor | kept | offset | int(target_type == "int8_t") << 46
