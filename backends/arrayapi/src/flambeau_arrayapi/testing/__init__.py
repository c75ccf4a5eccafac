"""Calls of every kernel of the contract, for the tests of backends that build on this one."""

from __future__ import annotations

from .cases import CASES, Case, cases_for
from .compare import call, difference, refuses, run, supported
from .host import Host, from_host

__all__ = ["CASES", "Case", "Host", "call", "cases_for", "difference", "from_host", "refuses", "run", "supported"]
