"""Writes one Python function per op: the only frame between a user and a kernel.

`caller_source(op)` gives the text of `bind_<op>(op, kernels)`, which returns the op's function, for
operators the method that answers NotImplemented to foreign types, and the in-place method. `python -m flambeau._gen`
writes these texts ahead into `callers/`; an op defined at run time gets its text compiled at once.
"""

from __future__ import annotations

from .registry import MISSING, OpDef, Param

_SIMPLE = (type(None), bool, int, float, str)


def caller_source(op: OpDef) -> str:
    """The text of the op's binder."""
    writer = _Writer(op)
    lines = [f"def bind_{op.name}(op, kernels, writers, defaults, body):"]
    lines += _indent(writer.function(op.name, operator=False))
    names = [op.name, "None", "None"]
    if op.operator:
        lines += _indent(writer.function(op.operator, operator=True))
        names[1] = op.operator
    if op.writes:
        lines += _indent(writer.in_place(f"{op.name}_"))
        names[2] = f"{op.name}_"
    lines.append(f"    return {', '.join(names)}")
    return "\n".join(lines) + "\n"


def _indent(lines: list[str]) -> list[str]:
    return ["    " + line if line else line for line in lines]


class _Writer:
    def __init__(self, op: OpDef) -> None:
        self.op = op
        self.attributes = [p for p in op.params if p.role == "attribute"]
        self.many = bool(op.outputs)

    def function(self, name: str, operator: bool) -> list[str]:
        op = self.op
        if not op.inputs:
            return [f"def {name}({self._signature(False, False)}):", f"    return created(op, {self._attrs()})"]
        out = op.out and not operator
        lines = [f"def {name}({self._signature(out, operator)}):"]
        body = []
        if out:
            body += ["if out is not None:", f"    return into(op, out, {name}({self._forward()}))"]
        body += self._aliases()
        body += self._lifts(operator)
        body += self._guarded(operator)
        return lines + _indent(body)

    def in_place(self, name: str) -> list[str]:
        """The method that overwrites its first input: straight to a writer where no graph has to hear of it."""
        inputs = [p.name for p in self.op.inputs]
        target, others = inputs[0], inputs[1:]
        lines = [f"def {name}({', '.join(inputs)}):"]
        body = []
        for n in others:
            body += [f"if type({n}) is not Tensor and type({n}) is not Parameter:",
                     f"    lifted = {self.op.lifter}({target}, {n})",
                     "    if lifted is NotImplemented:", f"        raise foreign(op, {n!r}, {n})", f"    {n} = lifted"]
        tracked = " or ".join(f"{n}._requires_grad" for n in inputs)
        tests = [f"{n}._kind is kind" for n in others]
        tests += [f"({target}._view is None or writable({target}._view))",
                  f"not (({tracked}) and grad_enabled())" if others else f"not ({tracked} and grad_enabled())"]
        arrays = ", ".join(f"{n}._array" for n in [*inputs, target])
        body += ["try:", f"    kind = {target}._kind", f"    if {' and '.join(tests)}:",
                 f"        writers[kind]({arrays})", f"        cell = {target}._version", "        if cell is None:",
                 f"            {target}._version = [1, None]", "        else:", "            cell[0] += 1",
                 f"        return {target}", "except LOUD:", f"    bump({target})", f"    return {target}",
                 "except Exception:", "    pass  # the slow path does it, or says what is wrong",
                 f"return update({', '.join([target, 'op.call', *others])}, op_name={name!r})"]
        return lines + _indent(body)

    # --- the signature and what it forwards

    def _signature(self, out: bool, operator: bool) -> str:
        parts, starred = [], False
        for p in self.op.params:
            if p.keyword_only and not starred:
                parts.append("*")
                starred = True
            parts.append(p.name if p.default is MISSING or operator else f"{p.name}={self._default(p)}")
        if operator:
            return ", ".join(parts)
        extra = (["out=None"] if out else []) + [f"{a}=None" for a in self._alias_names()]
        if extra and not starred:
            parts.append("*")
        return ", ".join(parts + extra)

    @staticmethod
    def _default(p: Param) -> str:
        return repr(p.default) if isinstance(p.default, _SIMPLE) else f"defaults[{p.name!r}]"

    def _alias_names(self) -> list[str]:
        names = [p.name for p in self.op.params]
        aliases = ["axis"] if "dim" in names else []
        return aliases + (["keepdims"] if "keepdim" in names else [])

    def _aliases(self) -> list[str]:
        lines = []
        for alias, name in (("axis", "dim"), ("keepdims", "keepdim")):
            if alias in self._alias_names():
                lines += [f"if {alias} is not None:", f"    {name} = {alias}"]
        return lines

    def _forward(self) -> str:
        names = self._alias_names()
        return ", ".join([f"{p.name}={p.name}" if p.keyword_only else p.name for p in self.op.params]
                         + [f"{n}={n}" for n in names])

    # --- inputs

    def _lifts(self, operator: bool) -> list[str]:
        op, lines = self.op, []
        numbers = [p for p in op.inputs if p.role == "number"]
        for p in numbers:
            partner = next((q.name for q in numbers if q is not p), self.op.primary)
            if operator and p is self.op.inputs[0]:
                continue
            foreign = "return NotImplemented" if operator else f"raise foreign(op, {p.name!r}, {p.name})"
            lines += [f"if type({p.name}) is not Tensor and type({p.name}) is not Parameter:",
                      f"    lifted = {op.lifter}({partner}, {p.name})", "    if lifted is NotImplemented:",
                      f"        {foreign}", f"    {p.name} = lifted"]
        return lines

    def _kind_checks(self) -> str:
        op, tests = self.op, []
        for p in op.inputs:
            if (p.name == op.primary and p.role != "sequence") or op.kinds[p.name] == "any":
                continue
            want = "kind" if op.kinds[p.name] == "T" else f"kind.{op.kinds[p.name]}"
            if p.role == "sequence":
                tests.append(f"differs({p.name}, {want})")
            elif p.role == "optional":
                tests.append(f"{p.name} is not None and {p.name}._kind is not {want}")
            else:
                tests.append(f"{p.name}._kind is not {want}")
        return " or ".join(tests)

    def _inputs_tuple(self) -> str:
        return "(" + "".join(f"{p.name}, " for p in self.op.inputs) + ")"

    def _attrs(self) -> str:
        if not self.attributes:
            return "None"
        return "{" + ", ".join(f"{p.name!r}: {p.name}" for p in self.attributes) + "}"

    def _kernel_args(self) -> str:
        args = []
        for p in self.op.inputs:
            if p.role == "optional":
                args.append(f"None if {p.name} is None else {p.name}._array")
            elif p.role == "sequence":
                args.append(f"*[t._array for t in {p.name}]")
            else:
                args.append(f"{p.name}._array")
        return ", ".join(args + [f"{p.name}={p.name}" for p in self.attributes])

    # --- attributes

    def _canonical(self) -> list[str]:
        lines, ndim = [], f"len({self._shaped()}._array.shape)"
        for p in self.attributes:
            n = p.name
            if p.annotation in ("Dim", "Dim | None"):
                guard = f"{n} is not None and " if p.annotation == "Dim | None" else ""
                lines += [f"if {guard}not (type({n}) is int and 0 <= {n} < {ndim}):",
                          f"    {n} = canonical_dim({self.op.name!r}, {n}, {ndim})"]
            elif p.annotation == "Dims":
                lines += [f"{n} = ALL_DIMS[{ndim}] if {n} is None else reduce_dims({self.op.name!r}, {n}, {ndim})"]
            elif p.annotation == "Size":
                lines += [f"{n} = as_size({self.op.name!r}, {n}, {n!r})"]
        if "dtype" in self.op.result:
            lines += ["if dtype is None:", "    dtype = kind.dtype"]
        elif "summed" in self.op.result:
            lines += ["if dtype is None:", "    dtype = kind.summed.dtype",
                      f"elif dtype is not kind.dtype and {self.op.primary}._requires_grad:",
                      f"    return {self.op.name}({self._recast()})"]
        return lines

    def _recast(self) -> str:
        """The arguments, the input cast to the dtype of the result."""
        primary = self.op.primary
        names = ((p.name, p.keyword_only) for p in self.op.params)
        return ", ".join(f"recast({n}, dtype)" if n == primary else f"{n}={n}" if keyword else n
                         for n, keyword in names)

    def _shaped(self) -> str:
        p = next(p for p in self.op.inputs if p.name == self.op.primary)
        return f"{p.name}[0]" if p.role == "sequence" else p.name

    # --- the call

    def _guarded(self, operator: bool) -> list[str]:
        op = self.op
        if op.inlined and not op.fusable:
            return [f"return body({self._forward_body()})"]
        recover = f"return recover(op, error, {self._inputs_tuple()}, {self._attrs()})"
        if operator:
            recover = f"return recover_operator(op, error, {self._inputs_tuple()}, {self._attrs()})"
        lines = ["try:", f"    kind = {self._shaped()}._kind"]
        checks = self._kind_checks()
        mixed = f"return mixed(op, {self._inputs_tuple()}, {self._attrs()})"
        if op.inlined:
            tracked = f"grad_enabled() and ({self._any_requires()})"
            lines += ["    kernel = kernels[kind]",
                      f"    if kernel is None{' or ' + checks if checks else ''} or {tracked}:",
                      f"        return body({self._forward_body()})"]
            call = "kernel"
        else:
            if checks:
                lines += [f"    if {checks}:", f"        {mixed}"]
            call = "kernels[kind]"
        lines += _indent(self._canonical())
        result = ", ".join(f"array{i}" for i in range(len(op.outputs))) if self.many else "array"
        lines += [f"    {result} = {call}({self._kernel_args()})", "except Exception as error:", f"    {recover}"]
        return lines + self._wrap()

    def _forward_body(self) -> str:
        return ", ".join(f"{p.name}={p.name}" if p.keyword_only else p.name for p in self.op.params)

    # --- the result

    def _result_kind(self, rule: str) -> str:
        if rule in ("dtype", "summed"):
            return "(kind if dtype is kind.dtype else kind.device.kinds[dtype])"
        return "kind" if rule == "same" else f"kind.{rule}"

    def _wrap(self) -> list[str]:
        outputs = [("array", "out")] if not self.many else [(f"array{i}", f"out{i}")
                                                            for i in range(len(self.op.outputs))]
        outputs = outputs[: len(outputs) - len(self.op.auxiliary)]
        lines = []
        for i, (array, out) in enumerate(outputs):
            rule = self.op.result[i] if i < len(self.op.result) else self.op.result[0]
            kind = self._result_kind(rule)
            lines += [f"if type({array}) is not kind.array_type:", f"    {array} = kind.own({array})",
                      f"{out} = new(Tensor)", f"{out}._array = {array}", f"{out}._kind = {kind}",
                      f"{out}._grad = {out}._version = {out}._meta = {out}._view = None"]
        lines += self._record([o for _, o in outputs])
        if self.op.view:
            lines.append(f"as_view(out, {self._shaped()}, op, {self._attrs()})")
        single = len(outputs) == 1
        several = ", ".join(o for _, o in outputs)
        lines.append(f"return {outputs[0][1]}" if single else f"return returns(op, ({several}))")
        return lines

    def _any_requires(self) -> str:
        tests = []
        for p in self._differentiable():
            if p.role == "optional":
                tests.append(f"({p.name} is not None and {p.name}._requires_grad)")
            elif p.role == "sequence":
                tests.append(f"any([t._requires_grad for t in {p.name}])")
            else:
                tests.append(f"{p.name}._requires_grad")
        return " or ".join(tests)

    def _differentiable(self) -> list[Param]:
        return [p for p in self.op.inputs
                if p.name not in self.op.nondiff and self.op.kinds[p.name] not in ("bool", "int64")]

    def _untracked(self, outs: list[str]) -> list[str]:
        return [line for o in outs for line in (f"{o}._requires_grad = False", f"{o}._node = None")]

    def _record(self, outs: list[str]) -> list[str]:
        if not self.op.differentiable or not self._differentiable():
            return self._untracked(outs)
        test = self._any_requires()
        test = f"({test})" if " or " in test else test
        if self.op.result[0] in ("dtype", "summed"):  # integers have no gradient
            test += " and dtype.category > 1"
        lines = [f"if {test} and grad_enabled():"]
        lines += _indent(self._node(outs))
        return [*lines, "else:", *_indent(self._untracked(outs))]

    def _node(self, outs: list[str]) -> list[str]:
        tracked = self._differentiable_outputs(outs)
        if len(tracked) == 1:
            kinds = f"{tracked[0]}._kind"
            shapes = f"{tracked[0]}._array.shape"
        else:
            kinds = "(" + "".join(f"{o}._kind, " for o in tracked) + ")"
            shapes = "(" + "".join(f"{o}._array.shape, " for o in tracked) + ")"
        lines = ["node = new(Node)", "node.op = op", "node.seq = tick()", f"node.kind = {kinds}",
                 f"node.shape = {shapes}", f"node.attrs = {self._attrs()}", "node.hooks = None",
                 f"node.edges = {self._edges()}"]
        lines += self._saves(outs)
        return lines + self._attach(outs)

    def _differentiable_outputs(self, outs: list[str]) -> list[str]:
        rules = self.op.result
        names = self.op.outputs or ("out",)
        return [o for i, o in enumerate(outs) if names[i] not in self.op.nondiff
                and (rules[i] if i < len(rules) else rules[0]) not in ("int64", "bool")]

    def _attach(self, outs: list[str]) -> list[str]:
        tracked = self._differentiable_outputs(outs)
        lines = []
        for o in outs:
            edge = "None" if o not in tracked else "node" if len(tracked) == 1 else f"Output(node, {tracked.index(o)})"
            lines += [f"{o}._requires_grad = {o in tracked}", f"{o}._node = {edge}"]
        return lines

    def _edges(self) -> str:
        parts, differentiable = [], self._differentiable()
        for p in self.op.inputs:
            n = p.name
            edge = f"{n}._node or ({n} if {n}._requires_grad else None)"
            if p not in differentiable:
                parts.append("*[None] * len(" + n + ")" if p.role == "sequence" else "None")
            elif p.role == "optional":
                parts.append(f"None if {n} is None else {edge}")
            elif p.role == "sequence":
                parts.append(f"*[t._node or (t if t._requires_grad else None) for t in {n}]")
            else:
                parts.append(edge)
        return "(" + "".join(f"{part}, " for part in parts) + ")"

    def _saves(self, outs: list[str]) -> list[str]:
        lines, saved, cells = [], [], []
        roles = {p.name: p.role for p in self.op.inputs}
        results = dict(zip(self.op.outputs, outs, strict=False)) if self.many else {"out": "out"}
        for name in self.op.saves:
            if name in results:
                o = results[name]
                lines.append(f"{o}._version = [0, None]")
                saved.append(f"shell({o})")
                cells.append("")
            elif name in self.op.auxiliary:
                saved.append(self._kept(name))
                cells.append("")
            elif name.endswith("_shape"):
                saved.append(self._shape_of(name.removesuffix("_shape"), roles))
                cells.append("")
            elif name.endswith("_kind"):
                saved.append(f"{name.removesuffix('_kind')}._kind.plain")
                cells.append("")
            else:
                saved.append(f"tuple({name})" if roles[name] == "sequence" else self._wanted(name))
                cells.append("" if roles[name] == "sequence" else name)
        lines.append(f"node.saved = ({''.join(s + ', ' for s in saved)})")
        return lines + self._versions(cells, {name for name, role in roles.items() if role == "optional"})

    @staticmethod
    def _shape_of(name: str, roles: dict[str, str]) -> str:
        """A saved shape; of a sequence those of all its tensors."""
        return f"tuple([x._array.shape for x in {name}])" if roles[name] == "sequence" else f"{name}._array.shape"

    def _wanted(self, name: str) -> str:
        """A saved input: kept only where an input that requires a gradient has a rule that reads it.

        What is not kept is freed, and the cyclic collector has less to walk. Ops whose results are saved keep all they
        save, and so do those that are defined at run time, before their rules.
        """
        op, needed = self.op, self._readers(name)
        alone = all(rule.single >= 0 and not rule.sequence for rule in op.rules)
        results = (*op.outputs, "out")
        differentiable = [p.name for p in self._differentiable()]
        if not op.rules or not alone or set(op.saves) & set(results) or set(needed) >= set(differentiable):
            return name
        if any(p.role not in ("tensor", "number") for p in op.inputs if p.name in needed):
            return name
        return f"{name} if {' or '.join(f'{n}._requires_grad' for n in needed) or 'False'} else None"

    def _readers(self, name: str) -> list[str]:
        """The inputs whose rules read the saved `name`."""
        place = self.op.saves.index(name)
        return [self.op.inputs[rule.single].name for rule in self.op.rules if place in rule.args]

    def _kept(self, name: str) -> str:
        i = self.op.outputs.index(name)
        array, rules = f"array{i}", self.op.result
        own = f"{array} if type({array}) is kind.array_type else kind.own({array})"
        return f"wrap({own}, {self._result_kind(rules[i] if i < len(rules) else rules[0])})"

    @staticmethod
    def _versions(cells: list[str], optional: set[str]) -> list[str]:
        named = [c for c in cells if c]
        if not named:
            return ["node.versions = None"]
        lines = [f"v_{c} = None if {c} is None else {c}._version" if c in optional else f"v_{c} = {c}._version"
                 for c in named]
        test = " is ".join(f"v_{c}" for c in named) + " is None"
        numbers = "".join(f"0 if v_{c} is None else v_{c}[0], " if c else "0, " for c in cells)
        return [*lines, f"node.versions = None if {test} else ({numbers})"]
