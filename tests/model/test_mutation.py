# SPDX-License-Identifier: Apache-2.0
"""The hazard check notices when one ordering edge of a clean kernel is taken away."""

import numpy as np
import pytest
from ascend_attention import model

needs_symbols = pytest.mark.skipif(
    model.symbolise([]) is None, reason="sites are told apart by source lines: needs addr2line"
)


def pipeline(probes: model.Library, tiles: int) -> None:
    source = np.arange(tiles * 64, dtype=np.int32)
    target = np.zeros_like(source)
    tiling = np.array([tiles], np.int32).tobytes()
    probes.launch("probe_pipeline", [source, model.Out(target), tiling])


def ends_the_kernel(mutation: model.Mutation) -> bool:
    """What ~TPipe waits for: nothing runs after it, so its edges order nothing."""
    return any("Destroy" in place.function or "~TPipe" in place.function
               for place in mutation.places)  # fmt: skip


@needs_symbols
def test_every_edge_of_a_pipeline_is_missed_when_it_is_gone(probes: model.Library) -> None:
    mutations = model.mutate(lambda: pipeline(probes, 6))
    silent = [mutation for mutation in mutations if not mutation.found]

    assert len(mutations) > len(silent)
    assert [str(mutation) for mutation in silent if not ends_the_kernel(mutation)] == []


@needs_symbols
def test_two_users_of_one_helper_are_two_sites(probes: model.Library) -> None:
    mutations = model.mutate(lambda: pipeline(probes, 6))
    enqueues = {
        mutation.places
        for mutation in mutations
        if mutation.kind == "set_flag" and "EnQue" in mutation.places[1].function
    }

    assert len(enqueues) == 2  # CopyIn and Compute


def test_a_mutated_run_still_counts_its_flags(probes: model.Library) -> None:
    # Were the instruction itself left out, the wait would have no set.
    faults = [mutation.fault for mutation in model.mutate(lambda: pipeline(probes, 6))]

    assert {fault.kind for fault in faults if fault is not None} == {"hazard"}


def test_a_found_mutation_names_both_instructions(probes: model.Library) -> None:
    for mutation in model.mutate(lambda: pipeline(probes, 6)):
        if mutation.fault is not None:
            assert mutation.fault.instruction is not None
            assert mutation.fault.other is not None


def test_a_run_that_needs_no_edges_is_silent_when_they_go(probes: model.Library) -> None:
    mutations = model.mutate(lambda: pipeline(probes, 0))

    assert [mutation.kind for mutation in mutations] == ["pipe_barrier"]
    assert not mutations[0].found


def test_a_kernel_with_faults_cannot_be_mutated(probes: model.Library) -> None:
    values = np.zeros(16, np.int32)

    with pytest.raises(model.ModelError):
        model.mutate(lambda: probes.launch("probe_assert", [values]))


def test_the_hits_of_a_site_add_up_over_launches(probes: model.Library) -> None:
    def twice() -> None:
        pipeline(probes, 2)
        pipeline(probes, 3)

    sets = [site.hits for site in model.ordering_sites(twice) if site.detail == "MTE2_V"]

    assert sets == [5, 5]  # EnQue and DeQue


def test_sites_are_only_collected_when_asked_for(probes: model.Library) -> None:
    with model.recorded() as reports:
        pipeline(probes, 2)
        with model.options(collect_sites=True):
            pipeline(probes, 2)
    quiet, observed = reports

    assert quiet.sites == ()
    assert {site.kind for site in observed.sites} == {"set_flag", "wait_flag", "pipe_barrier"}
