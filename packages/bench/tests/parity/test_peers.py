"""Every peer does the same work: the same numbers come out of a row, three calls long."""

from __future__ import annotations

import numpy as np
import pytest

from flambeau_bench.cli import PEERS, Peers
from flambeau_bench.rows import ROWS, Row


@pytest.fixture(scope="module")
def peers() -> Peers:
    return Peers(PEERS, 1)


def test_all_peers_are_here(peers: Peers):
    assert peers.missing == {}
    assert list(peers.versions) == ["flambeau", "PyTorch", "HIPS autograd", "MyGrad"]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_the_peers_agree(row: Row, peers: Peers):
    results = {}
    for title, cases in peers.cases.items():
        if row.name in cases:
            case = cases[row.name]()
            with case.within():
                results[title] = np.array([peers.to_numpy[title](case.work()) for _ in range(3)], np.float64)
    ours = results.pop("flambeau")
    assert "PyTorch" in results
    for theirs in results.values():
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=1e-5)
