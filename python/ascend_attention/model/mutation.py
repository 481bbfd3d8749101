# SPDX-License-Identifier: Apache-2.0
"""Taking away one ordering edge at a time, to prove that the hazard check would notice.

A site is the inline chain of a call into the instruction set, so two users of one helper are two
sites, and all addresses with one chain are one. Without addr2line a site is its bare addresses.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ascend_attention.model import symbols
from ascend_attention.model.errors import ModelError
from ascend_attention.model.options import options
from ascend_attention.model.report import Fault, Site, recorded
from ascend_attention.model.symbols import Place


@dataclass(frozen=True)
class Mutation:
    """What became of a run without the edge of one site."""

    kind: str
    detail: str
    places: tuple[Place, ...]  # of the chain, innermost first; empty without addr2line
    sites: tuple[Site, ...]  # all with this chain
    fault: Fault | None  # None: the run was silent

    @property
    def found(self) -> bool:
        """True when the run ended in a hazard that names both instructions."""
        return self.fault is not None and self.fault.names_both

    @property
    def hits(self) -> int:
        """How often the unmutated run executed the site."""
        return sum(site.hits for site in self.sites)

    def __str__(self) -> str:
        where = symbols.describe(self.sites[0].addresses) or hex(self.sites[0].chain[0])
        outcome = self.fault.message if self.fault else "silent"
        return f"{self.kind}({self.detail}) x{self.hits} at {where}: {outcome}"


def _group(sites: list[Site]) -> dict[tuple[str, str, object], list[Site]]:
    groups: dict[tuple[str, str, object], list[Site]] = {}
    for site in sites:
        chain = symbols.chain_places(site.addresses) or site.chain
        groups.setdefault((site.kind, site.detail, chain), []).append(site)
    return groups


def ordering_sites(run: Callable[[], object]) -> list[Site]:
    """Every ordering instruction that ``run`` reaches; it must be free of faults."""
    with options(mode="checked", collect_sites=True), recorded() as reports:
        run()
    merged: dict[tuple[int, ...], Site] = {}
    for report in reports:
        for site in report.sites:
            hits = merged[site.chain].hits if site.chain in merged else 0
            merged[site.chain] = replace(site, hits=site.hits + hits)
    return list(merged.values())


def mutate(run: Callable[[], object]) -> list[Mutation]:
    """Run once for each ordering site of ``run``, without that site's edge.

    Args:
        run: Launches kernels through this package. It is called once unmutated, where it must be
            free of faults, and once a site; it has to start from the same inputs each time.

    Returns:
        One mutation a site, in the order of source places.
    """
    mutations = []
    groups = _group(ordering_sites(run))
    for (kind, detail, _), sites in sorted(groups.items(), key=lambda item: str(item[0])):
        fault = None
        with options(mode="checked", mutated_sites=tuple(site.chain for site in sites)):
            try:
                run()
            except ModelError as error:
                fault = error.fault
        places = symbols.chain_places(sites[0].addresses)
        mutations.append(Mutation(kind, detail, places, tuple(sites), fault))
    return mutations
