# SPDX-License-Identifier: Apache-2.0
"""What passes between a launch and a kernel: arguments, types, reports, messages."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from ascend_attention import _native, envs, model

from tests.model.harness import aligned, covers, raises_fault

LINE = 8  # int64 values of a cache line
TYPES = ["AIV_ONLY", "AIC_ONLY", "MIX_AIV_1_0", "MIX_AIC_1_0", "MIX_AIC_1_1", "MIX_AIC_1_2"]


def indices(
    probes: model.Library,
    cores: int,
    *,
    blocks: int = 1,
    type: str | None = None,
    tiling_key: int = 0,
) -> list[list[int]]:
    out = aligned((cores, LINE), np.int64)
    out[...] = -1
    probes.launch(
        "probe_indices", [model.Out(out)], blocks=blocks, type=type, tiling_key=tiling_key
    )
    return [[int(value) for value in core[:5]] for core in out]


def increment(probes: model.Library, values: np.ndarray, tiles: int) -> model.Report:
    tiling = np.array([tiles], np.int32).tobytes()
    return probes.launch("probe_increment", [model.InOut(values), tiling])


@covers("GetBlockIdx", "value")
@covers("GetBlockNum", "value")
@covers("GetSubBlockIdx", "value")
@covers("GetSubBlockNum", "value")
def test_vector_cores_know_their_place(probes: model.Library) -> None:
    assert indices(probes, 3, blocks=3) == [[block, 3, 0, 1, 0] for block in range(3)]


def test_the_two_vector_cores_of_a_block_count_on(probes: model.Library) -> None:
    place = indices(probes, 4, blocks=2, type="MIX_AIC_1_2")

    assert place == [[core, 2, core % 2, 2, 0] for core in range(4)]


def test_a_kernel_sees_the_tiling_key(probes: model.Library) -> None:
    assert indices(probes, 1, tiling_key=3) == [[0, 1, 0, 1, 1]]


@pytest.mark.parametrize(
    ("kernel_type", "cores"),
    [*zip(TYPES[:4], [1, 1, 1, 1], strict=True), (TYPES[4], 2), (TYPES[5], 3)],
)
def test_the_kernel_type_decides_the_cores_of_a_block(
    probes: model.Library, kernel_type: str, cores: int
) -> None:
    assert probes.launch("probe_printf", [], blocks=2, type=kernel_type).cores == 2 * cores


def test_the_library_declares_kernel_types(probes: model.Library) -> None:
    assert probes.kernel_types["probe_program", 0] == "AIV_ONLY"
    assert probes.kernel_types["probe_program", 1] == "MIX_AIV_1_0"


def test_a_library_without_kernel_types_can_be_opened() -> None:
    library = model.Library(Path(_native.__file__).with_name("libnpu_model.so"))

    assert library.kernel_types == {}


def test_a_type_without_a_row_must_be_given(probes: model.Library) -> None:
    library = _native.KernelLibrary(str(probes.path))

    with pytest.raises(ValueError, match=r"type \(None\) must be given: .* probe_printf"):
        _native.launch(library, "probe_printf", [], blocks=1)


def test_kernels_are_the_functions_of_the_library_itself(probes: model.Library) -> None:
    assert "probe_printf" in probes
    assert "malloc" not in probes
    with pytest.raises(ValueError, match=r"kernel \(malloc\) must be a function of the library"):
        probes.launch("malloc", [])


def test_a_missing_library_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"library \(.*none\.so\) must be loadable"):
        model.Library(tmp_path / "none.so")


@pytest.mark.parametrize(
    ("option", "rule"),
    [
        ({"soc": "Ascend310"}, r"soc \(Ascend310\) must be a key of socs"),
        ({"mode": "exact"}, r"mode \(exact\) must be one of fast, checked"),
        ({"order": "random"}, r"order \(random\) must be one of forward, reversed, seeded"),
    ],
)
def test_options_must_be_known_words(
    probes: model.Library, option: dict[str, str], rule: str
) -> None:
    with model.options(**option), pytest.raises(ValueError, match=rule):
        probes.launch("probe_printf", [])


def test_options_must_be_known_fields() -> None:
    with pytest.raises(TypeError), model.options(sead=1):
        pass


def test_types_must_be_known_words(probes: model.Library) -> None:
    with pytest.raises(ValueError, match=r"type \(AIV\) must be one of AIV_ONLY"):
        probes.launch("probe_printf", [], type="AIV")


def test_arrays_are_used_in_place(probes: model.Library) -> None:
    values = np.arange(128, dtype=np.int32)
    increment(probes, values, 2)

    np.testing.assert_array_equal(values, np.arange(1, 129))


@pytest.mark.parametrize("start", [0, 1, 3])
def test_views_are_used_in_place(probes: model.Library, start: int) -> None:
    values = np.zeros(80, np.int32)
    increment(probes, values[start : start + 64], 1)

    assert np.flatnonzero(values).tolist() == list(range(start, start + 64))


def test_a_view_ends_where_it_ends(probes: model.Library) -> None:
    with raises_fault("address", operand="source"):
        increment(probes, np.zeros(128, np.int32)[:127], 2)


def test_overlapping_arguments_are_one_memory(probes: model.Library) -> None:
    values = np.zeros(64, np.int32)
    tiling = np.array([1], np.int32)
    probes.launch("probe_increment", [model.InOut(values), model.In(tiling), values[16:48]])

    assert (values == 1).all()


def test_arrays_must_be_contiguous(probes: model.Library) -> None:
    with pytest.raises(ValueError, match="argument x must be a C-contiguous array"):
        probes.launch("probe_read", [model.In(np.zeros((4, 4), np.int32).T, "x")])


def test_outputs_must_be_writable(probes: model.Library) -> None:
    values = np.zeros(4, np.int32)
    values.flags.writeable = False

    with pytest.raises(ValueError, match="argument 0 must be a writable array"):
        probes.launch("probe_read", [model.Out(values)])


def test_arguments_must_be_memory(probes: model.Library) -> None:
    with pytest.raises(TypeError, match=r"argument 0 \(int\) must be an array"):
        probes.launch("probe_read", [3])  # type: ignore[list-item]


@pytest.mark.parametrize("null", range(4))
def test_none_is_a_null_pointer(probes: model.Library, null: int) -> None:
    values = np.zeros(1, np.int32)
    out = np.zeros(1, np.int64)
    probes.launch(
        "probe_null",
        [None if null & 1 else values, None if null & 2 else values, model.Out(out)],
    )

    assert out[0] == null


def test_reading_a_null_pointer_is_a_fault(probes: model.Library) -> None:
    with raises_fault("address", instruction="scalar_load_gm"):
        probes.launch("probe_read", [None])


def test_an_empty_array_has_no_bytes(probes: model.Library) -> None:
    with raises_fault("address", instruction="scalar_load_gm"):
        probes.launch("probe_read", [np.zeros(0, np.int32)])


def test_tiling_is_padded_to_whole_words(probes: model.Library) -> None:
    out = np.zeros(3, np.int64)
    probes.launch("probe_tiling", [model.Out(out), np.array([1, -2, 3], np.int16).tobytes()])

    assert out.tolist() == [1, -2, 3]


def test_workspace_has_no_contents(probes: model.Library) -> None:
    with raises_fault("uninitialized", memory="workspace"):
        probes.launch("probe_read", [model.Workspace(64)])


def test_memory_can_be_given_by_address(probes: model.Library) -> None:
    values = np.array([7], np.int32)
    probes.launch("probe_assert", [model.Buffer(values.ctypes.data, 4, name="x", owner=values)])


def test_a_kernel_has_at_most_24_arguments(probes: model.Library) -> None:
    probes.launch("probe_printf", [None] * 24)
    with raises_fault("launch", rule="arguments (25) must be at most 24"):
        probes.launch("probe_printf", [None] * 25)


def test_the_report_counts_instructions_and_bytes(probes: model.Library) -> None:
    report = increment(probes, np.zeros(192, np.int32), 3)

    assert report.pipe("MTE2") == model.PipeCounters(3, gm_read_bytes=768, local_written_bytes=768)
    assert report.pipe("MTE3") == model.PipeCounters(3, gm_written_bytes=768, local_read_bytes=768)
    assert report.pipe("V") == model.PipeCounters(3, local_read_bytes=768, local_written_bytes=768)
    assert report.pipe("S").gm_read_bytes == 4
    assert report.pipe("M") == model.PipeCounters()
    assert report.pipe("V", core="AIC") == model.PipeCounters()
    assert report.instructions == 3 + 3 + 3 + report.pipe("S").instructions


def test_fast_and_checked_mode_execute_the_same(probes: model.Library) -> None:
    checked, fast = np.arange(64, dtype=np.int32), np.arange(64, dtype=np.int32)
    checked_report = increment(probes, checked, 1)
    with model.mode("fast"):
        fast_report = increment(probes, fast, 1)

    np.testing.assert_array_equal(checked, fast)
    assert checked_report.counters == fast_report.counters


@covers("printf", "value")
def test_printf_is_kept(probes: model.Library, capfd: pytest.CaptureFixture[str]) -> None:
    report = probes.launch("probe_printf", [], blocks=2)

    assert report.printed == "block 0 of 2\nblock 1 of 2\n"
    assert capfd.readouterr().out == ""


@covers("DumpTensor.global", "value")
@covers("DumpTensor.local", "value")
def test_a_dump_prints_values(probes: model.Library) -> None:
    printed = probes.launch("probe_dump", [np.arange(5, 21, dtype=np.int32)]).printed
    first, first_values, second, second_values = printed.splitlines()

    assert first.startswith("DumpTensor: desc=5,")
    assert "position=GM" in first
    assert second.startswith("DumpTensor: desc=6,")
    assert "position=UB" in second
    assert (first_values, second_values) == ("[5, 6, 7]", "[5, 6]")


@covers("ASSERT", "value")
@covers("ASSERT", "fault")
def test_assert_ends_the_kernel(probes: model.Library) -> None:
    probes.launch("probe_assert", [np.array([7], np.int32)])
    with raises_fault("assert", instruction="assert", rule="first == 7"):
        probes.launch("probe_assert", [np.array([8], np.int32)])


def test_a_fault_carries_the_report(probes: model.Library) -> None:
    with model.recorded() as reports, raises_fault("assert") as caught:
        probes.launch("probe_assert", [np.array([8], np.int32)])

    assert reports == [caught.value.report]
    assert caught.value.report.pipe("S").instructions == 1


def test_a_model_error_can_be_pickled(probes: model.Library) -> None:
    with raises_fault("assert") as caught:
        probes.launch("probe_assert", [np.array([8], np.int32)])
    copy = pickle.loads(pickle.dumps(caught.value))

    assert (copy.fault, str(copy)) == (caught.value.fault, str(caught.value))


def test_launches_run_side_by_side(probes: model.Library) -> None:
    arrays = [np.full(64 * 200, start, np.int32) for start in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda values: increment(probes, values, 200), arrays))

    assert [set(values.tolist()) for values in arrays] == [{start + 1} for start in range(8)]


def test_options_nest() -> None:
    with model.options(order="seeded", seed=4), model.mode("fast"), model.options(seed=5):
        inner = model.current_options()

    assert (inner.mode, inner.order, inner.seed) == ("fast", "seeded", 5)


@pytest.mark.parametrize("mode", envs.MODEL_MODES)
def test_the_environment_sets_the_mode(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv(envs.MODEL_MODE, mode)

    assert envs.model_mode() == mode


def test_the_mode_of_the_environment_must_be_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(envs.MODEL_MODE, "timed")
    with pytest.raises(ValueError, match=r"MODEL_MODE \(timed\) must be one of fast, checked"):
        envs.model_mode()


def test_without_addr2line_faults_have_no_places(
    probes: model.Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("ascend_attention.model.symbols._known", {})
    with raises_fault("assert") as caught:
        probes.launch("probe_assert", [np.array([8], np.int32)])

    instruction = caught.value.instruction
    assert instruction is not None
    assert model.symbolise(instruction.addresses) is None
    assert str(caught.value) == caught.value.fault.message


def test_workspace_is_poisoned_but_for_what_is_reserved() -> None:
    buffer = model.Workspace(96, reserved=32).buffer()
    owner = buffer.owner

    assert isinstance(owner, np.ndarray)
    assert (buffer.bytes, buffer.writable, buffer.defined) == (96, True, False)
    assert (owner[32:] == 0xFF).all()
