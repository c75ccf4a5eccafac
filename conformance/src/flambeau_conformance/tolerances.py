"""How far a result may lie from the oracle's: the one table of tolerances, with reasons.

Every op has a class, and every class a budget in units in the last place (ulp) of the expected
number, by the width of the dtype. Where errors of the operands or of intermediate results are
amplified, `spread` allows for it in multiples of what one unit of rounding in every input does to
the result, which the suite measures on the oracle (see `oracle.sensitivity`). Two floors are in
absolute terms: `underflows` counts smallest normal numbers, for intermediate results that vanish;
`cancels` counts units of rounding of the number one, for formulas that subtract from one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import copysign
from typing import Any

from flambeau.dtypes import BY_NAME, DType
from flambeau.table.registry import TABLE, OpDef

from .host import Host


@dataclass(frozen=True, slots=True)
class Budget:
    """Ulps for 16-bit, 32-bit and 64-bit floats, multiples of the sensitivity, the reason, the floors."""

    half: float
    single: float
    double: float
    spread: float
    why: str
    underflows: float = 0
    cancels: float = 0

    def ulps(self, dtype: DType) -> float:
        """The budget for that dtype; a complex number is two floats whose errors meet."""
        real = dtype.real
        ulps = self.half if real.itemsize == 2 else self.single if real.itemsize == 4 else self.double
        return 2 * ulps if dtype.is_complex else ulps


EXACT = Budget(0, 0, 0, 0, "no arithmetic, or arithmetic without rounding: bit for bit (NaNs are alike)")
ROUNDED = Budget(0, 0, 0, 0, "IEEE 754 asks for the correctly rounded sum and product; every format's is the double's"
                             " result rounded once")
DIVIDED = Budget(1, 1, 1, 0, "correctly rounded on every CPU; accelerators may be off by one")
MAGNITUDE = Budget(1, 2, 2, 0, "of a complex number the root of a sum of rounded squares, in a vector unit")
TRANSCENDENTAL = Budget(1, 4, 4, 0, "vector libraries promise 1 to 4 ulp; halves are computed in float32, rounded once")
REMAINDER = Budget(0, 0, 0, 0, "the remainder of two floats is a float: exact")
REDUCTION = Budget(1, 2, 4, 4, "any order of summation; halves accumulate in float32, so rounding once dominates")
PRODUCT = Budget(1, 2, 4, 4, "as reductions: a sum of products in any order, fused or not")
COMPOSED = Budget(4, 8, 8, 8, "a chain of rounded operations, which a fused kernel may shorten but not lengthen", 1)
ONE_MINUS = Budget(4, 8, 8, 8, "as composed, and one minus a number near one: PyTorch's formula too, with its error", 1,
                   8)
GRADIENT = Budget(4, 8, 8, 8, "as composed: a rule is a short expression of rounded operations", 1)
FUSED = Budget(8, 16, 16, 16, "two composed results; the composition may cancel where the kernel does not", 2, 4)

FACTORED = Budget(16, 16, 32, 16, "a factorisation is backward stable: right for a matrix that is off by some roundings"
                  " of its norm, which small elements, and products that should be zero, show in absolute terms", 1, 64)

_EXACT_FAMILIES = {"compare", "movement", "index", "sort", "create"}
ELEMENTWISE = {"arithmetic", "compare", "complex", "math", "special"}  # families whose ops work on each element alone
_BY_FAMILY = {**dict.fromkeys(ELEMENTWISE, TRANSCENDENTAL), "reduce": REDUCTION, "linalg": PRODUCT, "conv": PRODUCT}
FACTORED_FAMILIES = {"decomposition", "matrix"}  # of matrices that should be regular
_OPS = (
    (EXACT, "neg sign floor ceil trunc round real imag complex maximum minimum where amax amin argmax argmin cummax"
            " cummin copied copy_slices bitwise_and bitwise_or bitwise_xor bitwise_not conj"),
    (ROUNDED, "add sub"),
    (DIVIDED, "mul div sqrt"),
    (MAGNITUDE, "abs"),
    (REMAINDER, "fmod remainder floor_divide"),
    (REDUCTION, "scatter_add scatter_product index_put index_add_dim cumsum cumprod prod sum mean fold"),
    (COMPOSED, "sgn"),
    (ONE_MINUS, "gelu gelu_backward logsumexp log_softmax cross_entropy_loss cross_entropy_backward"),
)
BY_OP: dict[str, Budget] = {name: budget for budget, names in _OPS for name in names.split()}

_SLOPES_FROM_ONE = {"tanh", "sigmoid"}  # their derivatives subtract the result, or its square, from one

# Which zero is the larger IEEE 754 leaves open, and NumPy answers by the order of the operands.
EITHER_ZERO = {"maximum", "minimum", "amax", "amin", "cummax", "cummin", "max", "min", "scatter_extremum", "max_pool",
               "adaptive_max_pool"}
MOVING = {"movement", "index", "sort", "create", "inplace", "embedding", "random"}  # families that copy elements
PRODUCTS = {"prod", "cumprod"}
SUMS = {"sum", "cumsum", "scatter_add", "index_put", "matmul", "fold", "scatter_product"}


def keeps_zeros(op: OpDef, inputs: Sequence[Host] = ()) -> bool:
    """Whether the sign of every zero of a result is stated: see "Signs of zeros" in the contract.

    What chooses among equal numbers may choose either zero, where there are both.
    """
    if op.name in EITHER_ZERO:
        zeros = [copysign(1, v) for h in inputs if h.dtype.category == 2 for v in h.values if v == 0]
        return bool(inputs) and len(set(zeros)) < 2
    return op.name not in SUMS and (op.kind == "primitive" or op.family in MOVING)


def budget(op: OpDef) -> Budget:
    """What the results of `op` may be off by."""
    if op.name in BY_OP:
        return BY_OP[op.name]
    if op.family in _EXACT_FAMILIES:
        return EXACT
    if op.family in FACTORED_FAMILIES:
        return FACTORED
    if op.kind == "composite":
        return COMPOSED
    return _BY_FAMILY.get(op.family, COMPOSED)


def gradient_budget(op: OpDef) -> Budget:
    """What the gradients of `op` may be off by."""
    if op.family in FACTORED_FAMILIES:
        return FACTORED
    return ONE_MINUS if op.name in _SLOPES_FROM_ONE or budget(op) is ONE_MINUS else GRADIENT


# --- what a backend's manifest asks beyond that: debt, listed in every report

CAP = 4.0  # times the standard; more is no tolerance but a wrong result
_GRANTED: dict[tuple[str, str], float] = {}  # (op, dtype) to ulps; a process tests one backend


def loosen(manifest: dict[str, Any]) -> None:
    """Grants what the manifest's `[[tolerances]]` ask, up to the cap."""
    _GRANTED.clear()
    _GRANTED.update({(row["op"], row["dtype"]): row["granted"] for row in debt(manifest)})


def debt(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per op and dtype whose bound is loosened: the standard, what is asked, what is granted."""
    rows = []
    for entry in manifest.get("tolerances", []):
        if entry.get("op") in TABLE:
            for name in entry.get("dtypes", []):
                if name in BY_NAME:
                    rows.append(_debt(entry, BY_NAME[name]))
    return rows


def _debt(entry: dict[str, Any], dtype: DType) -> dict[str, Any]:
    standard, asked = budget(TABLE[entry["op"]]).ulps(dtype), float(entry.get("ulps", 0))
    return {"op": entry["op"], "dtype": dtype.name, "standard": standard, "asked": asked, "cap": CAP * standard,
            "granted": min(asked, CAP * standard), "reason": entry.get("reason", "")}


def tolerance_faults(manifest: dict[str, Any]) -> list[str]:
    """What is wrong with the manifest's `[[tolerances]]`."""
    faults = [f"tolerances names {e.get('op')!r}, {e.get('dtypes')}: unknown op or dtypes, or no reason"
              for e in manifest.get("tolerances", [])
              if e.get("op") not in TABLE or not e.get("reason") or not e.get("dtypes")
              or not set(e["dtypes"]) <= set(BY_NAME)]
    return faults + [f"tolerances asks {row['asked']:g} ulp for {row['op']} in {row['dtype']}; the cap is"
                     f" {row['cap']:g}" for row in debt(manifest) if row["asked"] > row["cap"]]


def granted(op: OpDef, dtype: DType) -> Budget:
    """What results of `op` may be off by on the backend under test."""
    standard = budget(op)
    ulps = _GRANTED.get((op.name, dtype.name), 0.0) / (2 if dtype.is_complex else 1)
    if ulps <= standard.ulps(dtype):
        return standard
    return replace(standard, half=ulps, single=ulps, double=ulps)


def unknown_names() -> list[str]:
    """Ops named here that the table does not have: entries that outlived their op."""
    return sorted(set(BY_OP) - set(TABLE))
