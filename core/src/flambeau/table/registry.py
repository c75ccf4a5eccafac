"""The op table: one definition per op, from which everything else comes.

`@primitive` marks an op that needs a kernel in every backend; its body is a docstring.
`@composite` marks an op written in other ops: its body is the fallback for every backend and the
meaning that a fused kernel is tested against. A composite that declares `saves=` has gradient
rules and is one node on the tape, fused or not; one that does not is recorded op by op.

Parameters annotated `Tensor`, `Tensor | Number`, `Tensor | None` or `Sequence[Tensor]` are inputs;
the rest are attributes. `Dim`, `Dims` and `Size` are made canonical before a kernel sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import later
from ..dtypes import DType
from ..errors import ContractError, DTypeNotOfferedError, RegistryError, UnsupportedError

Dim = int
Dims = int | Sequence[int] | None
Size = int | Sequence[int]
Number = bool | int | float | complex

INPUT_ROLES = {"Tensor": "tensor", "Tensor | Number": "number", "Tensor | None": "optional",
               "Sequence[Tensor]": "sequence"}
MISSING = object()


class Param:
    """One parameter of an op: an input (`role` tensor, number, optional, sequence) or an attribute."""

    __slots__ = ("annotation", "default", "keyword_only", "name", "role")

    def __init__(self, name: str, annotation: str, default: Any, keyword_only: bool) -> None:
        self.name, self.annotation, self.default, self.keyword_only = name, annotation, default, keyword_only
        self.role = INPUT_ROLES.get(annotation, "attribute")


class Rule:
    """A gradient rule: which inputs it serves, which saved values and attributes it names."""

    __slots__ = ("args", "attrs", "function", "sequence", "single", "targets")

    def __init__(self, op: OpDef, inputs: tuple[str, ...], function: Callable[..., Any]) -> None:
        names = [p.name for p in op.inputs]
        self.function = function
        self.targets = tuple(names.index(i) for i in inputs)
        self.single = self.targets[0] if len(inputs) == 1 else -1
        self.sequence = any(op.inputs[t].role == "sequence" for t in self.targets)
        code = function.__code__
        positional = code.co_varnames[1 : code.co_argcount]
        keyword = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        unknown = [n for n in positional if n not in op.saves] + [n for n in keyword if n not in op.attributes]
        if unknown:
            raise RegistryError(f"gradient rule of {inputs} names {unknown}, which the op neither saves nor has as"
                                f" attributes (saves: {op.saves})", op=op.name)
        self.args = tuple(op.saves.index(n) for n in positional)
        self.attrs = None if set(keyword) == set(op.attributes) else keyword


class OpDef:
    """One row of the table."""

    __slots__ = (
        "accepts",
        "alike",
        "alone",
        "attributes",
        "auxiliary",
        "body",
        "broadcast",
        "call",
        "capability",
        "compute",
        "differentiable",
        "doc",
        "exact",
        "family",
        "fusable",
        "grad_name",
        "holds",
        "idle",
        "inplace",
        "inputs",
        "invariants",
        "kernels",
        "kind",
        "kinds",
        "laws",
        "materializes",
        "method",
        "mutates",
        "name",
        "nondiff",
        "operator",
        "out",
        "outputs",
        "params",
        "primary",
        "result",
        "rules",
        "rules_plan",
        "samples",
        "saves",
        "shape_rule",
        "simple",
        "sums",
        "ungraded",
        "view",
        "wide",
        "writers",
    )

    def __init__(self, fn: Any, kind: str, options: dict[str, Any]) -> None:
        self.name: str = options.pop("name", None) or fn.__name__
        self.kind, self.body, self.doc = kind, fn, fn.__doc__ or ""
        self.family = fn.__module__.rpartition(".")[2]
        self.params = _params(fn)
        self.inputs = [p for p in self.params if p.role != "attribute"]
        self.attributes = tuple(p.name for p in self.params if p.role == "attribute")
        self.alone = self.attributes[0] if len(self.attributes) == 1 else ""  # the only one
        self.rules: list[Rule] = []
        self.rules_plan: list[Any] = []  # (input number, rule, saved numbers, attribute names or True) for the walk
        self.simple = True  # whether every rule serves one input, so that the plan is all there is
        self.kernels = KernelTable(self)
        self.writers: Any = None  # dispatch puts a WriterTable here
        self.invariants: Any = None  # what is the same for every valid result, of an op whose results are not unique
        self.call: Any = None
        self._set_options(**options)

    def _set_options(self, *, saves: str | None = None, dtype: str = "same", dtypes: str = "all",
                     broadcast: bool = False, kinds: str = "", view: bool = False, outputs: str = "",
                     auxiliary: str = "",
                     differentiable: bool = True, nondiff: str = "", method: bool | str = False, inplace: bool = False,
                     operator: str = "", out: bool = True, grad_name: str = "", samples: Any = None,
                     shape_rule: Callable[..., Any] | None = None, fusable: bool = False, mutates: str = "",
                     alike: str = "", compute: str = "", exact: bool = False, wide: bool = False,
                     sums: str = "all", idle: bool = False, capability: str = "", laws: str | None = None,
                     materializes: bool = True) -> None:
        self.idle = idle  # takes every dtype where there are no elements: nothing is computed
        self.sums = sums  # of ops that sum up: the dtypes they can compute in
        self.materializes = materializes  # whether rules get zeros, not None, for a result that no gradient came to
        self.capability = capability  # of a group that a backend may do without: its manifest says no to it
        self.laws = frozenset((_LAWS.get(self.family, "") if laws is None else laws).split())
        self.wide = wide  # of two inputs; 16-bit floats meet a number in float32, which rounds it no sooner
        self.exact = exact or "summed" in dtype.split()  # `out` must have the result's dtype; others cast into it
        self.compute = compute  # "float32": float16 and bfloat16 go through it, forward and back, and are rounded once
        self.saves = tuple((saves or "").split())
        # whether a walk has tensors to free
        self.holds = any(not n.endswith(("_shape", "_kind", "_layout")) for n in self.saves)
        self.fusable = fusable
        self.alike = alike  # "all": tensors of different dtypes are refused, not promoted; "parameters": see refusals
        self.differentiable = differentiable and (saves is not None or self.kind == "primitive")
        self.result, self.accepts, self.broadcast, self.view = tuple(dtype.split()), dtypes, broadcast, view
        self.outputs, self.nondiff, self.mutates = tuple(outputs.split()), tuple(nondiff.split()), mutates
        wanted = kinds.split() or ["T"] * len(self.inputs)
        self.kinds = dict(zip([p.name for p in self.inputs], wanted, strict=True))
        self.primary = next((p.name for p in self.inputs if self.kinds[p.name] == "T" and p.role == "tensor"),
                            next((n for n, k in self.kinds.items() if k == "T"), ""))
        self.method, self.inplace, self.operator = method, inplace, operator
        self.out = out and not view and all(p.name != "out" for p in self.params)
        self.grad_name = grad_name or _camel(self.name) + "Backward0"
        self.samples, self.shape_rule = samples, shape_rule
        self.auxiliary = tuple(auxiliary.split())  # the last of `outputs`: for gradient rules, not for users
        self.ungraded = self.auxiliary + tuple(n for n in self.outputs if n in self.nondiff)

    @property
    def inlined(self) -> bool:
        """Whether the tape sees this op's parts instead of itself."""
        return self.kind == "composite" and not self.differentiable and not self.saves

    @property
    def writes(self) -> bool:
        """Whether the in-place method has a caller of its own: all it takes are tensors and numbers."""
        return self.inplace and all(p.role in ("tensor", "number") for p in self.params)

    def key(self) -> tuple[Any, ...]:
        """What the generated caller depends on; a caller made from another key is stale."""
        params = tuple([(p.name, p.annotation, p.keyword_only, "" if p.default is MISSING else repr(p.default))
                        for p in self.params])
        return (self.kind, params, self.saves, self.result, tuple(self.kinds.values()), self.view, self.outputs,
                self.differentiable, self.operator, self.out, self.fusable, self.nondiff, self.auxiliary, self.writes,
                self.lifter)

    @property
    def lifter(self) -> str:
        """What makes tensors of Python numbers for this op."""
        return "lift_wide" if self.wide or self.result[0] == "floating" else "lift"

    def materialize(self, node: Any) -> bool:
        """Whether the walk hands zeros to the rules for results without a gradient."""
        return self.materializes

    def check_dtype(self, dtype: DType) -> None:
        """Raises DTypeError unless the op takes that element type."""
        if not ACCEPTS[self.accepts](dtype):
            raise DTypeNotOfferedError(f"not implemented for {dtype!r}, takes {self.accepts} dtypes", op=self.name,
                                       dtype=dtype)

    def dtype_for(self, out: Any) -> Any:
        """What a sum that is to fill `out` computes in: its dtype, as in PyTorch."""
        dtype = getattr(out, "dtype", None)
        if dtype is not None:
            self.check_sums(dtype)
        return dtype

    def check_sums(self, dtype: DType) -> None:
        """Raises DTypeNotOfferedError for a dtype that cannot hold what the op adds up."""
        if not ACCEPTS[self.sums](dtype):
            raise DTypeNotOfferedError(f"not implemented for {dtype!r}, which cannot hold what it adds up",
                                       op=self.name, dtype=dtype)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return op_named, (self.name,)


ACCEPTS: dict[str, Callable[[DType], bool]] = {
    "all": lambda d: True,
    "number": lambda d: d.category > 0,
    "real": lambda d: d.category < 3,
    "real number": lambda d: 0 < d.category < 3,
    "floating": lambda d: d.category > 1,
    "real floating": lambda d: d.category == 2,
    "real, not 16-bit": lambda d: d.category < 3 and (d.category < 2 or d.itemsize > 2),
    "floating, not 16-bit": lambda d: d.category > 1 and d.itemsize > 2,
    "real floating, not 16-bit": lambda d: d.category == 2 and d.itemsize > 2,
    "integral": lambda d: d.category < 2,
    "integer": lambda d: d.category == 1,
    "complex": lambda d: d.category == 3,
    "signed": lambda d: d.category > 0 and (d.is_signed or d.category > 1),
}


class TakeSlowPath(Exception):
    """Raised by a kernel lookup for tensors of a subclass: the caller's handler takes the slow path."""


class KernelTable(dict[Any, Any]):
    """Kernels of one op by kind; a missing one is resolved at its first use and kept."""

    __slots__ = ("op",)

    def __init__(self, op: OpDef) -> None:
        super().__init__()
        self.op = op

    def __missing__(self, kind: Any) -> Any:
        if kind.subclass is not None:
            raise TakeSlowPath
        self.op.check_dtype(kind.dtype)
        kernel = self[kind] = _resolve(self.op, kind)
        return kernel


def _resolve(op: OpDef, kind: Any) -> Any:
    backend = kind.device.backend
    offered(backend, op.family)
    reason = backend.unsupported.get((op.name, kind.dtype.name))
    if reason is not None:
        raise UnsupportedError(f"backend {backend.name!r} does not offer it for {kind.dtype!r}: {reason}",
                               op=op.name, dtype=kind.dtype, backend=backend.name)
    if op.result[0] == "floating" and kind.floating is not kind:
        return _casting(op.kernels[kind.floating], TABLE["cast"].kernels[kind], kind.floating.dtype)
    kernel = backend.kernel(op.name, kind.dtype)
    if kernel is None and op.compute and kind.single is not None:
        return _in_single(op, kind)
    if kernel is not None or op.inlined:
        return kernel
    if op.capability and op.kind == "primitive":
        raise UnsupportedError(f"backend {backend.name!r} offers no kernels of the group {op.capability!r}", op=op.name,
                               dtype=kind.dtype, backend=backend.name)
    if op.kind == "primitive":
        raise ContractError(f"backend {backend.name!r} has no kernel for required primitive {op.name!r}", op=op.name,
                            backend=backend.name)
    return FALLBACK[0](op, kind.device)


def offered(backend: Any, family: str) -> None:
    """Sees to it that the backend has taken in its kernels of that family."""
    known = vars(backend).setdefault("_families", set())
    if family not in known:
        backend.load_family(family)
        known.add(family)


ARRAYS: list[Any] = []  # interop puts what makes a tensor of another library's array here
FALLBACK: list[Any] = []  # dispatch puts the maker of fallback kernels here


def _casting(kernel: Any, cast: Any, dtype: DType) -> Any:
    def cast_first(*arrays: Any, **attrs: Any) -> Any:
        return kernel(*[None if a is None else cast(a, dtype=dtype) for a in arrays], **attrs)

    return cast_first


def _in_single(op: OpDef, kind: Any) -> Any:
    """The kernel of a half precision: inputs to float32, the float32 kernel, results rounded once."""
    low, dtype_of, cast, wide = kind.dtype, kind.device.backend.dtype_of, TABLE["cast"], kind.single
    single = wide.dtype
    kernel = op.kernels[wide] or FALLBACK[0](op, kind.device)
    widen, narrow = cast.kernels[kind], cast.kernels[wide]

    def compute(*arrays: Any, **attrs: Any) -> Any:
        wanted = attrs.get("dtype") or low
        if wanted is low and "dtype" in attrs:
            attrs["dtype"] = single
        made = kernel(*[widen(a, dtype=single) if a is not None and dtype_of(a) is low else a for a in arrays], **attrs)
        if wanted is not low:
            return made
        if isinstance(made, tuple):
            return tuple([narrow(m, dtype=low) if dtype_of(m) is single else m for m in made])
        return narrow(made, dtype=low)

    return compute


# What holds of every op of a family that does not say otherwise (`laws=`). "elementwise": an element of the result
# depends on the elements at its place alone. "composes": over several dims is over one after the other. "items:x,y":
# the first dim of the inputs x and y counts items that do not meet, unless an attribute names that dim.
_LAWS = dict.fromkeys(("arithmetic", "compare", "complex", "math", "special", "activation", "dropout"), "elementwise")

TABLE: dict[str, OpDef] = {}


def op_named(name: str) -> OpDef:
    """The row of that name, of a family that is not loaded yet, too."""
    if name not in TABLE:
        later.load()
    return TABLE[name]


def _params(fn: Any) -> list[Param]:
    code, notes = fn.__code__, fn.__annotations__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    defaults = dict(zip(reversed(names[: code.co_argcount]), reversed(fn.__defaults__ or ()), strict=False))
    defaults.update(fn.__kwdefaults__ or {})
    return [Param(n, notes.get(n, ""), defaults.get(n, MISSING), i >= code.co_argcount)
            for i, n in enumerate(names)]


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def define(fn: Any, kind: str, options: dict[str, Any]) -> OpDef:
    """Adds a row for `fn`; a name that is taken is an error."""
    op = OpDef(fn, kind, options)
    if op.name in TABLE:
        raise RegistryError("is defined twice", op=op.name)
    TABLE[op.name] = op
    return op


def add_rule(op: OpDef, inputs: tuple[str, ...]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The decorator behind `op.grad(...)`."""
    names = [p.name for p in op.inputs]
    unknown = [i for i in inputs if i not in names]
    if unknown or not inputs:
        raise RegistryError(f"has no input named {', '.join(unknown) or '(none given)'}, only {', '.join(names)}",
                            op=op.name)

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        rule = Rule(op, inputs, function)
        op.rules.append(rule)
        op.simple = op.simple and rule.single >= 0 and not rule.sequence
        named = bool(op.attributes) if rule.attrs is None else rule.attrs
        op.rules_plan.append((rule.single, function, rule.args, named))
        return function

    return register


def missing_rules(op: OpDef) -> list[str]:
    """Inputs that could need a gradient but have neither a rule nor a place in `nondiff`."""
    if not op.differentiable:
        return []
    served = {op.inputs[t].name for rule in op.rules for t in rule.targets}
    return [p.name for p in op.inputs
            if p.name not in served and p.name not in op.nondiff and op.kinds[p.name] not in ("bool", "int64")]


def check_backend(backend: Any) -> None:
    """Raises ContractError listing every required kernel that is missing and every unknown name."""
    for family in {o.family for o in TABLE.values()}:
        offered(backend, family)
    missing = sorted(o.name for o in TABLE.values()
                     if o.kind == "primitive" and not o.capability and o.name not in backend.kernels)
    unknown = sorted(set(backend.kernels) - set(TABLE))
    problems = []
    if missing:
        problems.append(f"lacks {len(missing)} required primitive(s): {', '.join(missing)}")
    if unknown:
        problems.append(f"registers unknown op(s): {', '.join(unknown)}")
    if problems:
        raise ContractError(f"backend {backend.name!r} " + " and ".join(problems), missing=missing, unknown=unknown)
