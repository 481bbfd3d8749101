# SPDX-License-Identifier: Apache-2.0
"""``python -m ascend_attention.bench``: one table, ratios in one run, one thread."""

from __future__ import annotations

import json
import platform
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import torch
import typer
from rich.table import Table

from ascend_attention.bench.cube import GOALS, bench_cube, flops
from ascend_attention.bench.decode import DecodeShape, bench_decode
from ascend_attention.bench.decode import decode_set as decode_shapes
from ascend_attention.bench.exp import EXP_COUNT, bench_exp
from ascend_attention.bench.flash import (
    HEAD_DIM,
    HEADS,
    SHAPE,
    WORKSPACE_TOKENS,
    bench_flash,
    plan_of,
)
from ascend_attention.bench.memory import extra_memory
from ascend_attention.job.table import make_console

if TYPE_CHECKING:
    from rich.console import Console

    from ascend_attention.bench.timing import Timing

Row = dict[str, object]


def _ratio(name: str, ours: Timing, theirs: Timing, goal: float | None = None) -> Row:
    return {
        "what": name,
        "minimum": ours.minimum / theirs.minimum,
        "median": ours.median / theirs.median,
        "goal": goal,
        "unit": "x",
        "detail": f"{ours.median * 1e3:.0f} ms against {theirs.median * 1e3:.0f} ms",
    }


def _cube_rows(repeats: int) -> list[Row]:
    rows: list[Row] = []
    timings = bench_cube(repeats)
    for (level, function, shape), timing in timings.items():
        sizes = "x".join(str(size) for size in shape)
        common: Row = {
            "what": f"{function} {sizes} fp16, one thread, level {level}",
            "detail": f"fast mode, {timing.minimum * 1e6:.1f} us at the least",
        }
        if function == "Mmad":
            rate: Row = {
                "minimum": flops(shape) / timing.minimum / 1e9,
                "median": flops(shape) / timing.median / 1e9,
                "goal": GOALS[shape] if level == "v3" else None,
                "at_least": True,
                "unit": "GFLOP/s",
            }
            rows.append({**common, **rate})
        else:
            mmad = timings[level, "Mmad", shape]
            share: Row = {
                "minimum": timing.minimum / mmad.minimum,
                "median": timing.median / mmad.median,
                "goal": 0.25 if level == "v3" else None,
                "unit": "x Mmad",
            }
            rows.append({**common, **share})
    return rows


def _decode_set_rows(repeats: int, console: Console) -> list[Row]:
    """Measure every shape of the decode set, and their geometric mean."""
    rows: list[Row] = []
    for shape in decode_shapes():
        decode = bench_decode(shape, repeats)
        row = _ratio(f"paged decode fp16, fast / torch: {shape}", decode["fast"], decode["torch"])
        console.print(f"{row['median']:.3f}  {row['what']}  {row['detail']}")
        rows.append(row)
    mean: Row = {
        column: statistics.geometric_mean(float(str(row[column])) for row in rows)
        for column in ("minimum", "median")
    }
    name = f"geometric mean of {len(rows)} decode shapes"
    return [*rows, {"what": name, **mean, "goal": 1.0, "unit": "x", "detail": ""}]


def _flash_rows(repeats: int) -> list[Row]:
    rows: list[Row] = []
    for name, causal in (("full", False), ("causal", True)):
        flash = bench_flash(repeats, causal=causal)
        what = f"flash attention fp16 {SHAPE} {name}"
        rows.append(_ratio(f"{what}: fast / torch SDPA", flash["fast"], flash["torch"], 1.0))
        rows.append(_ratio(f"{what}: checked / fast", flash["checked"], flash["fast"], 10.0))
    for tokens in WORKSPACE_TOKENS:
        plan = plan_of(tokens)
        size = plan.workspace_bytes / 2**20
        rows.append(
            {
                "what": f"flash attention fp16 H{HEADS} D{HEAD_DIM}: workspace for S {tokens}",
                "minimum": size,
                "median": size,
                "goal": None,
                "unit": "MiB",
                "detail": f"{plan.cores} cores, {plan.row_tile} x {plan.kv_tile}, "
                f"{plan.lookahead} ahead",
            }
        )
    return rows


def _measure(context: int, repeats: int) -> list[Row]:
    decode_shape = DecodeShape("8B", 8, 32, 8, 128, context, 128)
    strategies = ("vector", "cube")
    decode = bench_decode(decode_shape, repeats, ("fast", "checked"), strategies)
    shape = f"paged decode fp16 {decode_shape}"
    rows = [
        _ratio(f"{shape}: fast / torch gather + packed SDPA", decode["fast"], decode["torch"], 0.4),
        *(
            _ratio(f"{shape}: fast, strategy {name} / torch", decode[name], decode["torch"])
            for name in strategies
        ),
        _ratio(f"{shape}: checked / fast", decode["checked"], decode["fast"], 10.0),
    ]
    rows += _flash_rows(repeats)
    for level, timing in bench_exp(repeats).items():
        rows.append(
            {
                "what": f"Exp of {EXP_COUNT} float32, one instruction, level {level}",
                "minimum": timing.minimum * 1e6,
                "median": timing.median * 1e6,
                "goal": 6.0 if level == "v3" else None,
                "unit": "us",
                "detail": "fast mode",
            }
        )
    rows += _cube_rows(repeats)
    size, extra = extra_memory(context, "fast")
    rows.append(
        {
            "what": f"{shape}: memory beyond inputs and outputs, fast",
            "minimum": extra / 2**20,
            "median": extra / 2**20,
            "goal": (size + 64 * 2**20) / 2**20,
            "unit": "MiB",
            "detail": f"inputs and outputs are {size / 2**20:.0f} MiB",
        }
    )
    return rows


def main(
    context: Annotated[int, typer.Option(min=1, help="Tokens of each sequence.")] = 4096,
    repeats: Annotated[int, typer.Option(min=1, help="Timed calls of each candidate.")] = 5,
    decode_set: Annotated[
        bool, typer.Option("--decode-set", help="Measure the decode shapes of many models instead.")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="Also write the rows as JSON.")] = None,
) -> None:
    """Measure the model against torch on this machine: ratios of minimum and of median."""
    torch.set_num_threads(1)
    console = make_console()
    console.print(
        f"{platform.machine()}, Python {platform.python_version()}, torch {torch.__version__}, "
        f"one thread, {repeats} repeats"
    )
    rows = _decode_set_rows(repeats, console) if decode_set else _measure(context, repeats)
    table = Table()
    for column in ("what", "minimum", "median", "goal", "detail"):
        table.add_column(column, justify="left" if column in ("what", "detail") else "right")
    for row in rows:
        sign = ">=" if "at_least" in row else "<="
        goal = "" if row["goal"] is None else f"{sign} {row['goal']:.3g} {row['unit']}"
        table.add_row(
            str(row["what"]),
            f"{row['minimum']:.3g} {row['unit']}",
            f"{row['median']:.3g} {row['unit']}",
            goal,
            str(row["detail"]),
        )
    console.print(table)
    if output is not None:
        output.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
