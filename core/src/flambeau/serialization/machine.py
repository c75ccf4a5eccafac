"""The unpickler: an interpreter of pickle's opcodes that builds fresh objects and touches nothing else.

Only containers that this file's own opcodes made are written to; the only state set is an OrderedDict's, a tensor's, or
that of an instance of a class allowed with `add_safe_globals`. Whatever length the pickle names is compared with what
is left of it before anything is made. Extension codes, persistent ids in text and the opcodes of old classes are
refused.
"""

from __future__ import annotations

import collections
import enum
import pickle
import struct
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from .keys import Keys
from .parts import Builder, Part

_DICTS = (dict, collections.OrderedDict, collections.Counter, collections.defaultdict)
_SIZED = (str, bytes, bytearray, list, tuple, dict, set)
HANDLERS: dict[int, Callable[[Any], None]] = {}
NAMES = {value[0]: name for name, value in vars(pickle).items()
         if name.isupper() and isinstance(value, bytes) and len(value) == 1}


class Refusal(Exception):
    """The rule that the pickle breaks."""


class Finished(Exception):
    """The end of the pickle."""


def opcode(*codes: bytes) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Makes a function what the machine does at these opcodes."""

    def register(handler: Callable[[Any], None]) -> Callable[[Any], None]:
        HANDLERS.update({code[0]: handler for code in codes})
        return handler

    return register


class Machine:
    """A stack, a memo and a place in the pickle.

    `find(module, name, protocol)` answers what a global stands for, `persistent(pid)` what a persistent id does, `safe`
    are the classes and functions that the user allowed.
    """

    def __init__(self, data: bytes | bytearray, find: Callable[[str, str, int], Any], persistent: Callable[[Any], Any],
                 safe: Any) -> None:
        self.data, self.at, self.protocol = memoryview(data), 0, 0
        self.find, self.persistent = find, persistent
        self.classes = {item for item in safe if isinstance(item, type)}
        self.safe = {id(item) for item in safe}
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.mixed: dict[int, Any] = {}  # tuples with parts in them, by id
        self.freed: dict[int, Any] = {}  # what stands for them where values belong
        self.keys = Keys(8 * len(data) + 1000)
        self.copies = 4 * len(data) + 1000  # items of arguments that calls may still copy

    def run(self) -> Any:
        """What the pickle describes."""
        while True:
            code = self.take(1)[0]
            handler = HANDLERS.get(code)
            if handler is None:
                raise Refusal(f"the pickle uses opcode {NAMES.get(code, hex(code))}, which load does not follow")
            try:
                handler(self)
            except Finished:
                return self.plain(self.stack.pop())

    def take(self, count: int) -> memoryview:
        """The next bytes of the pickle."""
        start = self.at
        if count > len(self.data) - start:
            raise Refusal("the pickle ends within an object")
        self.at = start + count
        return self.data[start : self.at]

    def number(self, size: int) -> int:
        """An unsigned integer of so many bytes."""
        return int.from_bytes(self.take(size), "little")

    def line(self) -> str:
        """The text up to the end of the line."""
        rest = bytes(self.data[self.at : self.at + 1000])
        length = rest.find(b"\n")
        if length < 0:
            raise Refusal("a name in the pickle does not end")
        self.at += length + 1
        return rest[:length].decode()

    def items(self) -> list[Any]:
        """What was pushed since the last mark."""
        items, self.stack = self.stack, self.marked.pop()
        return items

    def plain(self, value: Any) -> Any:
        """`value`, which may not be a part."""
        if isinstance(value, Part):
            bare = value.bare()
            if bare is None:
                raise Refusal("the pickle holds a function or a class where a value belongs")
            return bare
        return self._freed(value) if id(value) in self.mixed else value

    def _freed(self, held: tuple[Any, ...]) -> Any:
        """A tuple with storages in place of parts; the same one each time."""
        made = self.freed.get(id(held))
        if made is None:
            made = self.freed[id(held)] = tuple([self.plain(item) for item in held])
        return made

    def key(self, value: Any, target: Any) -> Any:
        """`value`, which may be a key of `target`."""
        broken = self.keys.check(self.plain(value), target)
        if broken:
            raise Refusal(broken)
        return value

    def tuple_of(self, items: Any) -> None:
        """Pushes a tuple."""
        made = tuple(items)
        if any(isinstance(item, Part) or id(item) in self.mixed for item in made):
            self.mixed[id(made)] = made
        self.stack.append(made)

    def target(self, *kinds: type) -> Any:
        """The container on top of the stack, which the pickle wants to add to."""
        held = self.stack[-1]
        if type(held) not in kinds and type(held) not in self.classes:
            raise Refusal(f"the pickle adds to {_article(held)}")
        return held


def _article(value: Any) -> str:
    return f"an object of type {type(value).__name__}"


# --- values


def _popped(stack: list[Any], count: int) -> list[Any]:
    if len(stack) < count:
        raise Refusal("the pickle takes more from its stack than it put there")
    items = stack[-count:]
    del stack[-count:]
    return items


def _remembered(machine: Machine, number: int) -> Any:
    if number not in machine.memo:
        raise Refusal(f"the pickle refers to its object {number}, which there is not")
    return machine.memo[number]


def _pushes(make: Callable[[Machine], Any]) -> Callable[[Machine], None]:
    """What puts on the stack that which `make` makes of the bytes that follow."""
    return lambda m: m.stack.append(make(m))


def _counted(size: int, make: Callable[[memoryview], Any]) -> Callable[[Machine], None]:
    """What makes an object of the bytes that follow, whose number is in the first `size` of them."""
    return _pushes(lambda m: make(m.take(m.number(size))))


def _number(size: int) -> Callable[[Machine], None]:
    return _pushes(lambda m: m.number(size))


def _constant(value: Any) -> Callable[[Machine], None]:
    return _pushes(lambda m: value)


def _tuple_of(count: int) -> Callable[[Machine], None]:
    return lambda m: m.tuple_of(_popped(m.stack, count))


def _get(size: int) -> Callable[[Machine], None]:
    return _pushes(lambda m: _remembered(m, m.number(size)))


def _put(size: int) -> Callable[[Machine], None]:
    return lambda m: m.memo.__setitem__(m.number(size), m.stack[-1])


def _text(data: memoryview) -> str:
    return str(data, "utf-8", "surrogatepass")


def _long(data: memoryview) -> int:
    return int.from_bytes(data, "little", signed=True)


HANDLERS.update({code[0]: handler for code, handler in (
    (pickle.NONE, _constant(None)), (pickle.NEWTRUE, _constant(True)), (pickle.NEWFALSE, _constant(False)),
    (pickle.EMPTY_TUPLE, _constant(())), (pickle.EMPTY_LIST, _pushes(lambda m: [])),
    (pickle.EMPTY_DICT, _pushes(lambda m: {})), (pickle.EMPTY_SET, _pushes(lambda m: set())),
    (pickle.BININT1, _number(1)), (pickle.BININT2, _number(2)),
    (pickle.BININT, _pushes(lambda m: struct.unpack("<i", m.take(4))[0])),
    (pickle.BINFLOAT, _pushes(lambda m: struct.unpack(">d", m.take(8))[0])),
    (pickle.LONG1, _counted(1, _long)), (pickle.LONG4, _counted(4, _long)),
    (pickle.SHORT_BINUNICODE, _counted(1, _text)), (pickle.BINUNICODE, _counted(4, _text)),
    (pickle.BINUNICODE8, _counted(8, _text)),
    (pickle.SHORT_BINBYTES, _counted(1, bytes)), (pickle.BINBYTES, _counted(4, bytes)),
    (pickle.BINBYTES8, _counted(8, bytes)), (pickle.BYTEARRAY8, _counted(8, bytearray)),
    (pickle.SHORT_BINSTRING, _counted(1, bytes)), (pickle.BINSTRING, _counted(4, bytes)),
    (pickle.TUPLE1, _tuple_of(1)), (pickle.TUPLE2, _tuple_of(2)), (pickle.TUPLE3, _tuple_of(3)),
    (pickle.TUPLE, lambda m: m.tuple_of(m.items())),
    (pickle.BINGET, _get(1)), (pickle.LONG_BINGET, _get(4)), (pickle.BINPUT, _put(1)), (pickle.LONG_BINPUT, _put(4)),
)})


@opcode(pickle.FROZENSET)
def _frozenset(m: Machine) -> None:
    items = m.items()
    m.stack.append(frozenset([m.key(item, items) for item in items]))


# --- the machine itself


@opcode(pickle.PROTO)
def _protocol(m: Machine) -> None:
    m.protocol = m.number(1)
    if m.protocol > pickle.HIGHEST_PROTOCOL:
        raise Refusal(f"the pickle is of protocol {m.protocol}, above {pickle.HIGHEST_PROTOCOL}")


@opcode(pickle.FRAME)
def _frame(m: Machine) -> None:
    if m.number(8) > len(m.data) - m.at:
        raise Refusal("the pickle ends within an object")


@opcode(pickle.MARK)
def _mark(m: Machine) -> None:
    m.marked.append(m.stack)
    m.stack = []


@opcode(pickle.POP)
def _pop(m: Machine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.items()


@opcode(pickle.POP_MARK)
def _pop_mark(m: Machine) -> None:
    m.items()


@opcode(pickle.DUP)
def _duplicate(m: Machine) -> None:
    m.stack.append(m.stack[-1])


@opcode(pickle.MEMOIZE)
def _memoize(m: Machine) -> None:
    m.memo[len(m.memo)] = m.stack[-1]


@opcode(pickle.STOP)
def _stop(m: Machine) -> None:
    raise Finished


# --- filling containers


@opcode(pickle.APPEND)
def _append(m: Machine) -> None:
    item = m.plain(m.stack.pop())
    m.target(list).append(item)


@opcode(pickle.APPENDS)
def _extend(m: Machine) -> None:
    items = m.items()
    m.target(list).extend([m.plain(item) for item in items])


@opcode(pickle.SETITEM)
def _set_item(m: Machine) -> None:
    _fill(m, _popped(m.stack, 2))


@opcode(pickle.SETITEMS)
def _set_items(m: Machine) -> None:
    _fill(m, m.items())


def _fill(m: Machine, items: list[Any]) -> None:
    target = m.target(*_DICTS)
    if len(items) % 2:
        raise Refusal("a key in the pickle has no value")
    for key, value in zip(items[::2], items[1::2], strict=True):
        target[m.key(key, target)] = m.plain(value)


@opcode(pickle.ADDITEMS)
def _add_items(m: Machine) -> None:
    items = m.items()
    target = m.target(set)
    target.update([m.key(item, target) for item in items])


# --- what is called


@opcode(pickle.GLOBAL)
def _global(m: Machine) -> None:
    module, name = m.line(), m.line()
    m.stack.append(m.find(module, name, m.protocol))


@opcode(pickle.STACK_GLOBAL)
def _stack_global(m: Machine) -> None:
    module, name = _popped(m.stack, 2)
    if type(module) is not str or type(name) is not str:
        raise Refusal("the pickle refers to a name that is no text")
    m.stack.append(m.find(module, name, m.protocol))


@opcode(pickle.BINPERSID)
def _persistent(m: Machine) -> None:
    m.stack.append(m.persistent(m.stack.pop()))


@opcode(pickle.REDUCE)
def _reduce(m: Machine) -> None:
    function, arguments = _popped(m.stack, 2)
    if type(arguments) is not tuple:
        raise Refusal("the pickle calls with arguments that are no tuple")
    if isinstance(function, Builder):
        m.stack.append(function.build(*_checked(m, function, arguments)))
    elif id(function) in m.safe:
        m.stack.append(function(*_values(m, arguments)))
    else:
        raise Refusal(f"the pickle calls {_article(function)}")


def _checked(m: Machine, function: Builder, arguments: tuple[Any, ...]) -> Any:
    m.copies -= sum(len(given) for given in arguments if isinstance(given, _SIZED))
    if m.copies < 0:
        raise Refusal("the pickle copies its objects again and again")
    if function.parts:
        return arguments
    if function.keyed and arguments and isinstance(arguments[0], (list, tuple)):
        for item in arguments[0]:
            m.key(item, arguments)
    return _values(m, arguments)


def _values(m: Machine, arguments: tuple[Any, ...]) -> list[Any]:
    """Arguments of what is no part; a name of a type among them stands for the type."""
    found = [item.value if isinstance(item, Builder) and item.value is not None else item for item in arguments]
    return [m.plain(item) for item in found]


@opcode(pickle.NEWOBJ)
def _new(m: Machine) -> None:
    kind, arguments = _popped(m.stack, 2)
    _made(m, kind, arguments, {})


@opcode(pickle.NEWOBJ_EX)
def _new_with_names(m: Machine) -> None:
    kind, arguments, named = _popped(m.stack, 3)
    _made(m, kind, arguments, named)


def _made(m: Machine, kind: Any, arguments: Any, named: Any) -> None:
    if not isinstance(kind, type) or kind not in m.classes or type(arguments) is not tuple or type(named) is not dict:
        raise Refusal(f"the pickle makes an instance of {kind!r}, which was not allowed with add_safe_globals")
    m.stack.append(kind.__new__(kind, *_values(m, arguments), **named))


@opcode(pickle.BUILD)
def _build(m: Machine) -> None:
    state = m.plain(m.stack.pop())
    target = m.stack[-1]
    if type(target) is collections.OrderedDict:
        vars(target).update(attributes(state))
    elif type(target) in m.classes and not isinstance(target, (enum.Enum, type, FunctionType, ModuleType)):
        _set_state(target, state)
    else:
        raise Refusal(f"the pickle sets the state of {_article(target)}")


def _set_state(target: Any, state: Any) -> None:
    """As pickle does it for an instance of a class that the user allowed."""
    own = getattr(target, "__setstate__", None)
    if own is not None:
        own(state)
        return
    state, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
    if state:
        vars(target).update(attributes(state))
    for name, value in attributes(slots or {}).items():
        setattr(target, name, value)


def attributes(state: Any) -> dict[str, Any]:
    """Attributes out of a pickle: a dict whose keys are texts."""
    if type(state) is not dict or any(type(key) is not str for key in state):
        raise Refusal("the pickle sets attributes by other than their names")
    return state
