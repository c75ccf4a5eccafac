"""Installs backends that crash, hang or compute wrongly, as a distribution of their own in a folder."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

NAME = "faulty"

_DESCRIPTOR = '''
import copy, os, sys, time
from flambeau import plugins
from flambeau.contract.backend import Status


def wrong(kernel):
    return lambda *arrays, **attributes: kernel(*arrays, **attributes) * 1.001


class Descriptor:
    name, device_type, priority = "faulty", "cpu", -5

    def probe(self):
        return Status("ok")

    def load(self):
        inner = plugins.load("numpy")
        kernels = dict(inner.kernels)
        changed = {}
{body}
        backend = copy.copy(inner)
        vars(backend).update(name="faulty", kernels={**kernels, **changed},
                             kernel=lambda op, dtype: changed.get(op) or inner.kernel(op, dtype))
        return backend


DESCRIPTOR = Descriptor()
'''

MANIFEST = """
[backend]
name = "faulty"
contract = ">=1.0,<2"
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str = "", manifest: str = MANIFEST,
            ledger: str = "") -> Path:
    """The backend "faulty", found by every process that starts from here; returns its package's folder."""
    package, info = folder / "faulty_backend", folder / "faulty_backend-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty-backend\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[flambeau.backends]\nfaulty = faulty_backend.descriptor:DESCRIPTOR\n")
    (package / "__init__.py").write_text("")
    changes = textwrap.indent(textwrap.dedent(body), " " * 8)
    (package / "descriptor.py").write_text(_DESCRIPTOR.replace("{body}", changes))
    (package / "flambeau-backend.toml").write_text(manifest)
    if ledger:
        (package / "flambeau-ledger.toml").write_text(ledger)
    known = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *([known] if known else [])]))
    return package
