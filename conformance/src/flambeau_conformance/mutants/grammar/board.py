"""A loaded backend with a switch at every site, so that one mutant after another runs in one process."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from flambeau.contract.backend import Kernel
from flambeau.dtypes import DType

from ...conditions.call import Call
from ...conditions.condition import Condition
from ...conditions.site import DOWNLOAD, ITEM, KERNEL, STEP, UPLOAD, WRITER, WRITES, Site
from ...target import Target, load
from ...wrapped import wrapped
from .corruption import Corruption, Wrong

Hook = Callable[[Site, Kernel, tuple[Any, ...], dict[str, Any]], Any]
_numbers = itertools.count()


class Board:
    """The healthy backend `clean` beside `target`, its copy whose sites obey `hook`."""

    def __init__(self, base: str, name: str = "") -> None:
        self.clean: Target = load(base)
        self.base = self.clean.backend
        self.hook: Hook | None = None
        self.only: Site | None = None  # the hook's site; None: all
        self.target: Target = wrapped(
            base, name or f"{base}-board-{next(_numbers)}", {op: self._change(op) for op in self.base.kernels},
            writer=self._writer, step=self._step, from_host=self._upload, item=self._member(ITEM, "item"),
            to_host=self._member(DOWNLOAD, "to_host"), accumulate=self._member(WRITES, "accumulate"))

    @contextmanager
    def under(self, hook: Hook, only: Site | None = None) -> Any:
        """Calls of the site, or of all, go to the hook."""
        self.hook, self.only = hook, only
        try:
            yield self.target
        finally:
            self.hook = self.only = None

    def _at(self, site: Site, kernel: Kernel) -> Kernel:
        def call(*arrays: Any, **attributes: Any) -> Any:
            hook, only = self.hook, self.only
            if hook is None or (only is not None and only != site):
                return kernel(*arrays, **attributes)
            return hook(site, kernel, arrays, attributes)

        return call

    def _change(self, op: str) -> Callable[[Kernel], Kernel]:
        site = Site(WRITES if op == "assign" else KERNEL, op)
        return lambda kernel: self._at(site, kernel)

    def _member(self, kind: str, name: str) -> Kernel:
        return self._at(Site(kind, name), getattr(self.base, name))

    def _writer(self, op: str, dtype: DType) -> Kernel | None:
        found = self.base.writer(op, dtype)
        return None if found is None else self._at(Site(WRITER, op), found)

    def _step(self, name: str, dtype: DType) -> Kernel | None:
        found = self.base.step(name, dtype)
        return None if found is None else self._at(Site(STEP, name), found)

    def _upload(self, *arguments: Any, **options: Any) -> Any:
        return self._at(Site(UPLOAD, "from_host"), self.base.from_host)(*arguments, **options)


class Fault:
    """A hook: one mutant at work, with what it counts and remembers."""

    def __init__(self, board: Board, site: Site, condition: Condition, corruption: Corruption) -> None:
        self.board, self.site, self.condition, self.corruption = board, site, condition, corruption
        self.memory: dict[Any, Any] = {}
        self.count = self.met = 0
        self.erred = False

    def __call__(self, site: Site, kernel: Kernel, arrays: tuple[Any, ...], attributes: dict[str, Any]) -> Any:
        self.count += 1
        if site.kind == UPLOAD:
            made = kernel(*arrays, **attributes)
            call, below = self._call((made,), {}), lambda *_, **__: made
        else:
            call, below = self._call(arrays, attributes), kernel
        try:
            result = self._answer(Wrong(site, below, call, arrays, self.memory))
        except Exception:
            self.erred = True
            raise
        self.erred = False
        return result

    def _answer(self, wrong: Wrong) -> Any:
        if not self.condition.holds(wrong.call):
            return wrong.right()
        self.met += 1
        return self.corruption.run(wrong)

    def _call(self, arrays: tuple[Any, ...], attributes: dict[str, Any]) -> Call:
        return Call(self.board.base, self.site.name, flat(arrays), attributes, self.count, self.erred)


def flat(arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    """Lists of arrays, as optimizer steps take them, one after the other."""
    return tuple(x for a in arrays for x in (a if isinstance(a, list) else (a,)))
