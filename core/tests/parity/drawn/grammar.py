"""What a line may be: templates by group. `holes` says what `{x}`, `{y}`, `{n}` and the rest stand for.

`{x:float,write}` asks for a tensor that is floating and may be written; the letter alone names it again.
"""

from __future__ import annotations

LEAVES = (
    "lib.tensor({values}, dtype=lib.{dtype})", "lib.tensor({values}, dtype=lib.{floating}, requires_grad=True)",
    "lib.tensor({values}, dtype=lib.{floating}, requires_grad=True)", "lib.tensor({values})",
)

VIEWS = (
    "{x}[{key}]", "{x}[{key}]", "{x}[{key}]", "{x}[...]", "{x}[None]", "{x}.transpose({d}, {d})", "{x}.t()", "{x}.mT",
    "{x}.view(-1)", "{x}.reshape(-1)", "{x}.flatten()", "{x}.unsqueeze({d})", "{x}.squeeze()", "{x}.squeeze({d})",
    "{x}.diagonal()", "{x}.narrow({d}, 0, {k})", "{x}.select({d}, {k})", "{x}.expand(2, *{x}.shape)",
    "{x}.expand_as({y})", "{x}.movedim({d}, {d})", "{x}.permute(*range({x}.dim() - 1, -1, -1))", "{x}.detach()",
    "{x}.unfold({d}, {k}, 1)", "{x}.split({k}, {d})[0]", "{x}.chunk(2, {d})[-1]", "{x}.unbind({d})[-1]",
    "{x}.view({x}.shape)", "{x}.reshape({x}.shape[::-1])", "{x}.view({x}.shape[::-1])", "{x}.data", "{x}.view_as({x})",
    "{x}.unflatten({d}, (1, -1))", "{x}.as_strided((2,), (1,))", "{x}.contiguous()",
    "lib.broadcast_tensors({x}, {y})[0]", "lib.atleast_2d({x})", "{x}.swapaxes({d}, {d})",
    "{x}.tensor_split(2, {d})[0]",
)

ELEMENTWISE = (
    "{x} + {y}", "{x} - {y}", "{x} * {y}", "{x} / {y}", "{x} + {n}", "{n} - {x}", "{x} * {n}", "{x} / {n}", "-{x}",
    "{n} / {x}", "{x:exact} // {n}", "{x:exact} % {n}", "{x:exact} // {y:exact}", "{x:exact} % {y:exact}", "{x} ** {k}",
    "{n} ** {x:tame}", "abs({x})", "{x:exact} > {y:exact}", "{x:exact} == {n}", "{x:exact} <= {n}",
    "{x:exact} != {y:exact}", "{x:integer} & {y:integer}", "{x:integer} | {i}", "~{x}", "{x:integer} << {k}",
    "lib.maximum({x:exact}, {y:exact})", "lib.where({x:exact} > 0, {x}, {y})", "lib.where({x:exact} > 0, {x}, {n})",
    "lib.where({x:exact} > 0, {n}, {n})", "{x:tame}.exp()", "{x}.tanh()", "{x}.sigmoid()", "{x}.sqrt()",
    "{x:exact}.sign()", "{x:exact}.floor()", "{x:exact}.round()", "{x:exact}.relu()", "{x:exact}.clamp({n}, {n})",
    "{x:exact}.clamp(min={n})", "lib.nn.functional.gelu({x})", "{x}.square()", "{x}.reciprocal()",
    "lib.add({x}, {y}, alpha={n})", "lib.lerp({x:float}, {y:float}, {n})", "lib.addcmul({x}, {y}, {y}, value={n})",
    "{x:exact}.masked_fill({x} > 0, {n})", "lib.div({x:exact}, {y:exact}, rounding_mode='floor')", "lib.rsub({x}, {n})",
    "{x}.clone()", "{x:small}.to(lib.{dtype})", "{x:small}.{cast}()", "{x:exact}.logical_not()", "lib.atan2({x}, {y})",
    "lib.pow({x}, {n})", "lib.isnan({x})", "lib.zeros_like({x})", "lib.full_like({x}, {n})",
    "lib.ones_like({x}, requires_grad=True)", "{x}.new_zeros(2)", "{x}.type_as({x})", "{x}.float()", "{x}.double()",
    "lib.hypot({x}, {y})", "lib.fmod({x:exact}, {n})",
)

REDUCTIONS = (
    "{x}.sum()", "{x}.sum({d})", "{x}.sum({d}, keepdim=True)", "{x}.mean()", "{x}.mean({d})", "{x:tame}.prod()",
    "{x:tame}.prod({d})", "{x:exact}.amax({d})", "{x:exact}.max()", "{x:distinct}.max({d})[0]",
    "{x:distinct}.min({d})[1]", "{x:distinct}.argmax()", "{x:distinct}.sort({d})[0]",
    "{x:distinct}.sort({d}, descending=True)[1]", "{x}.cumsum({d})", "{x:tame}.cumprod({d})", "{x}.var({d})",
    "{x}.std()", "{x:tame}.softmax({d})", "{x:tame}.log_softmax({d})", "{x:tame}.logsumexp({d})", "{x:exact}.any()",
    "{x:exact}.all({d})", "{x}.norm()", "{x:exact}.count_nonzero()", "{x:exact}.nonzero()", "{x:distinct}.median()",
    "{x}.sum(dtype=lib.float64)", "{x:distinct}.topk({k}, {d})[0]", "{x:exact}.unique()", "{x}.sum((0, -1))",
    "{x:distinct}.cummax({d})[0]",
)

SHAPES = (
    "lib.cat([{x}, {y}])", "lib.cat([{x}, {x}], {d})", "lib.stack([{x}, {y}])", "lib.stack([{x}, {x}], {d})",
    "{x}.flip({d})", "{x}.roll({k}, {d})", "{x}.repeat(2, *[1] * {x}.dim())", "{x}.tril()",
    "{x}.repeat_interleave(2, {d})", "lib.nn.functional.pad({x}, (1, {k}))",
    "{x}.index_select({d}, lib.tensor([{k}, 0]))", "{x}.take(lib.tensor([0, {k}]))",
    "{x}.gather({d}, lib.zeros({x}.shape, dtype=lib.int64))", "{x} @ {y}", "{x} @ {x}.mT",
    "lib.einsum('...i,...i->...', {x}, {x})", "lib.outer({x}.reshape(-1), {y}.reshape(-1))", "{x}.diff()",
    "{x}.masked_select({x:exact} > 0)", "{x}[{x:exact} > 0]",
    "{x}.scatter({d}, lib.zeros({x}.shape, dtype=lib.int64), {n})",
    "{x}.index_add({d}, lib.tensor([0]), {x}.narrow({d}, 0, 1))", "{x}.index_fill({d}, lib.tensor([0]), {n})",
    "lib.tensordot({x}, {y}, 1)", "{x}.rot90()", "lib.kron({x}, {y})", "{x}.trace()", "{x}.tolist()", "{x}.shape",
    "{x}.sum().item()", "bool({x}.sum() > 0)", "len({x})", "{x}.dim()",
)

CHANGES = (
    "{x:write}.add_({n})", "{x:write}.sub_({y:apart})", "{x:write}.mul_({n})", "{x:write}.mul_({y:apart})",
    "{x:write}.div_({n})", "{x:write}.neg_()", "{x:write}.copy_({y:apart,small})", "{x:write}.zero_()",
    "{x:write}.fill_({i})", "{x:write}.tanh_()", "{x:write,tame}.exp_()", "{x:write,exact}.clamp_({n}, {n})",
    "{x:write,exact}.relu_()", "{x:write,exact}.masked_fill_({x} > 0, {i})", "{x:write}[{key}] = {i}",
    "{x:write}[{key}] = {i}", "{x:write}[{key}] = {y:apart,small}", "{x:write}[{key}] += {i}",
    "{x:write}[{key}] *= {n}", "{x:write} += {y:apart}", "{x:write} *= {n}", "{x:write,exact}[{x} > 0] = {i}",
    "{x:write}.eq_({n})", "{x:write}.pow_({k})", "{x:write}.t_()", "{x:write}.unsqueeze_({d})", "{x:write}.squeeze_()",
    "{x:write}.transpose_({d}, {d})", "{x:write}.detach_()", "{x:write}.requires_grad_()",
    "{x:write}.index_fill_({d}, lib.tensor([0]), {i})", "{x:write}.requires_grad_(False)",
    "{x:write}.index_add_({d}, lib.tensor([0]), {x}.clone().narrow({d}, 0, 1))", "{x:write}.sqrt_()",
    "{x:write}.abs_()", "{x:write}.scatter_({d}, lib.zeros({x}.shape, dtype=lib.int64), {i})",
    "{x:write}.addcmul_({y:apart}, {y}, value={n})",
    "{x:write}.index_put_((lib.tensor([0, -1]),), {x}.clone().sum().to({x}.dtype), accumulate=True)",
    "{x:write}.masked_scatter_({x:exact} > 0, {x}.clone())", "{x:write,exact}.floor_()",
    "{x:write,exact}.logical_not_()", "{x:write}.cumsum_({d})", "{x:write}.sigmoid_()",
    "{x:write}.data = {x}.detach().clone()", "{x:write}.grad = None",
)

OUT = (
    "lib.add({x}, {y}, out={o:write,apart})", "lib.mul({x}, {n}, out={o:write,apart})",
    "lib.sum({x}, 0, out={o:write,apart})", "lib.cat([{x}, {x}], out={o:write,apart})",
    "lib.tanh({x}, out={o:write,apart})", "lib.cumsum({x}, 0, out={o:write,apart})",
    "lib.matmul({x}, {y}, out={o:write,apart})", "lib.eq({x:exact}, {n}, out={o:write,apart})",
    "lib.mul({x:write}, {n}, out={x})",
)

MODES = (
    "with lib.no_grad(): {name} = {x} * {n}", "with lib.no_grad(): {name} = {x}[{key}]",
    "with lib.no_grad(): {x:write}.mul_({n})", "with lib.no_grad(): {x:write}[{key}] = {i}",
    "with lib.no_grad(): {name} = {x}.detach().requires_grad_()", "with lib.no_grad(): {name} = {x}.view(-1)",
    "with lib.enable_grad(): {name} = {x} * {n}", "{x:write}.detach().mul_({n})", "{x:write}.detach()[{key}] = {i}",
    "{x:write}.data.add_({i})",
)

GRADIENTS = (
    "{x:float}.sum().backward(retain_graph=True)", "{x:float}.sum().backward()",
    "{x:float}.backward({x}.detach().clone())",
    "{x:float}.backward()", "{name} = lib.autograd.grad({x}.sum(), {y})[0].clone(memory_format=lib.contiguous_format)",
    "{name} = {y:float}.grad", "{name} = lib.autograd.grad(({x} * {x}).sum(), {y}, create_graph=True)[0].contiguous()",
    "{x:float}.retain_grad()",
)

GROUPS = {"view": (5, VIEWS), "elementwise": (5, ELEMENTWISE), "reduction": (2, REDUCTIONS), "shape": (2, SHAPES),
          "change": (6, CHANGES), "out": (1, OUT), "mode": (2, MODES), "gradient": (1, GRADIENTS)}
