"""The function library: name -> (fewest arguments, most or None, function).

Source: XPath 1.0, section 4; ODK XForms Specification, functions. Where the
engines differ, the choice follows the table in the repository's form notes.
"""

import base64
import hashlib
import math
import re
import string
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from fieldsurvey.i18n import _
from survey_forms.errors import ExpressionError
from survey_forms.expression import dates, patterns, places
from survey_forms.expression.evaluate import Compiled, Context, Function, nodes
from survey_forms.expression.nodes import Node, string_value
from survey_forms.expression.values import Value, to_boolean, to_number, to_text

Arguments = Sequence[Compiled]


def _text(context: Context, arguments: Arguments, index: int = 0) -> str:
    return to_text(arguments[index](context))


def _number(context: Context, arguments: Arguments, index: int = 0) -> float:
    return to_number(arguments[index](context), context.world.profile.number)


def _set(context: Context, arguments: Arguments, index: int = 0) -> list[Node]:
    return nodes(arguments[index](context))


def _texts(context: Context, arguments: Arguments) -> list[str]:
    """Return all strings that the arguments stand for; sets of nodes give one each."""
    found: list[str] = []
    for argument in arguments:
        value = argument(context)
        found += [string_value(node) for node in value] if isinstance(value, list) else [to_text(value)]
    return found


# --- strings ---------------------------------------------------------------------------------------------------------


def _uuid(context: Context, arguments: Arguments) -> Value:
    """Return a random UUID, or as many random letters and digits as asked for."""
    random = context.world.random
    if not arguments:
        return str(uuid.UUID(int=random.getrandbits(128), version=4))
    length = _number(context, arguments)
    if not 0 < length <= 1000:
        raise ExpressionError(_("uuid() takes a length from 1 to 1000."))
    return "".join(random.choice(string.ascii_letters + string.digits) for _index in range(int(length)))


def _substring(context: Context, arguments: Arguments) -> Value:
    """Return substring(text, start from 1, length), with XPath's rounding."""
    text, start = _text(context, arguments), _rounded(_number(context, arguments, 1))
    end = start + _rounded(_number(context, arguments, 2)) if len(arguments) > 2 else math.inf
    if math.isnan(start) or math.isnan(end):
        return ""
    return "".join(sign for index, sign in enumerate(text, 1) if start <= index < end)


def _substr(context: Context, arguments: Arguments) -> Value:
    """Return substr(text, start from 0, end), as ODK has it; negative places count from the end."""
    text, start = _text(context, arguments), _whole(_number(context, arguments, 1))
    return text[start : _whole(_number(context, arguments, 2))] if len(arguments) > 2 else text[start:]


def _whole(number: float) -> int:
    return 0 if math.isnan(number) else int(max(-(2.0**53), min(2.0**53, number)))


def _translate(context: Context, arguments: Arguments) -> Value:
    text, old, new = (_text(context, arguments, index) for index in range(3))
    table: dict[int, str | None] = {}
    for index, sign in enumerate(old):
        table.setdefault(ord(sign), new[index] if index < len(new) else None)
    return text.translate(table)


def _regex(context: Context, arguments: Arguments) -> Value:
    return patterns.found(_text(context, arguments, 1), _text(context, arguments))


def _join(context: Context, arguments: Arguments) -> Value:
    return _text(context, arguments).join(_texts(context, arguments[1:]))


def _digest(context: Context, arguments: Arguments) -> Value:
    data, name = _text(context, arguments).encode(), _text(context, arguments, 1).replace("-", "").lower()
    encoding = _text(context, arguments, 2) if len(arguments) > 2 else "base64"
    if name not in {"md5", "sha1", "sha256", "sha384", "sha512"} or encoding not in {"hex", "base64"}:
        raise ExpressionError(_("digest() does not know {name}.").format(name=f"{name} {encoding}"))
    raw = hashlib.new(name, data, usedforsecurity=False).digest()
    return raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()


def _base64_decode(context: Context, arguments: Arguments) -> Value:
    try:
        return base64.b64decode(_text(context, arguments), validate=False).decode("utf-8", "replace")
    except ValueError:
        return ""


def _extract_signed(context: Context, arguments: Arguments) -> Value:
    """Return the content of a signed message (Ed25519), or nothing if the signature is not that of the public key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        message = base64.b64decode(_text(context, arguments), validate=True)
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(_text(context, arguments, 1), validate=True))
        key.verify(message[:64], message[64:])
        return message[64:].decode("utf-8")
    except (ValueError, InvalidSignature):
        return ""


# --- numbers ---------------------------------------------------------------------------------------------------------


def _rounded(number: float, digits: int = 0) -> float:
    """Round half away from zero, on the decimal digits that a person sees."""
    if math.isnan(number) or math.isinf(number):
        return number
    step = Decimal(1).scaleb(-digits)
    return float(Decimal(repr(abs(number))).quantize(step, ROUND_HALF_UP)) * (-1 if number < 0 else 1)


def _round(context: Context, arguments: Arguments) -> Value:
    digits = int(_number(context, arguments, 1)) if len(arguments) > 1 else 0
    number = _number(context, arguments)
    if digits < 0:
        scale = 10.0**-digits
        return _rounded(number / scale) * scale
    return _rounded(number, digits)


def _int(context: Context, arguments: Arguments) -> Value:
    number = _number(context, arguments)
    return number if math.isnan(number) or math.isinf(number) else float(math.trunc(number))


def _unary(function: Callable[[float], float]) -> Function:
    def apply(context: Context, arguments: Arguments) -> Value:
        number = _number(context, arguments)
        try:
            return float(function(number))
        except ValueError:
            return math.nan
        except OverflowError:  # exp() and exp10() only: they grow beyond what a number holds
            return math.inf

    return apply


def _power(context: Context, arguments: Arguments) -> Value:
    try:
        result = _number(context, arguments) ** _number(context, arguments, 1)
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return math.nan if isinstance(result, complex) else result


def _numbers(context: Context, arguments: Arguments) -> list[Value]:
    """Return all values of the arguments; blank nodes are left out."""
    found: list[Value] = []
    for argument in arguments:
        value = argument(context)
        found += [t for node in value if (t := string_value(node))] if isinstance(value, list) else [value]
    return found


def _extreme(choose: Callable[[list[float]], float]) -> Function:
    def apply(context: Context, arguments: Arguments) -> Value:
        found = [to_number(text, context.world.profile.number) for text in _numbers(context, arguments)]
        return math.nan if not found or any(math.isnan(number) for number in found) else choose(found)

    return apply


def _sum(context: Context, arguments: Arguments) -> Value:
    """Return the sum over nodes; of a question that is blank as nothing, which is what authors of forms expect."""
    texts = [string_value(node) for node in _set(context, arguments)]
    if context.world.namespaces is None:
        texts = [text for text in texts if text != ""]
    return math.fsum(to_number(text, context.world.profile.number) for text in texts)


def _log10(number: float) -> float:
    return -math.inf if number == 0 else math.log10(number)


def _log(number: float) -> float:
    return -math.inf if number == 0 else math.log(number)


# --- choices ---------------------------------------------------------------------------------------------------------


def _selected(context: Context, arguments: Arguments) -> Value:
    return _text(context, arguments, 1).strip() in _text(context, arguments).split()


def _selected_at(context: Context, arguments: Arguments) -> Value:
    values, index = _text(context, arguments).split(), _number(context, arguments, 1)
    return values[int(index)] if not math.isnan(index) and 0 <= index < len(values) else ""


def _choice_name(context: Context, arguments: Arguments) -> Value:
    return context.world.choice_name(
        _text(context, arguments), _text(context, arguments, 1), context.origin or context.node
    )


def _if(context: Context, arguments: Arguments) -> Value:
    return arguments[1](context) if to_boolean(arguments[0](context)) else arguments[2](context)


def _coalesce(context: Context, arguments: Arguments) -> Value:
    for argument in arguments:
        text = to_text(argument(context))
        if text not in {"", "NaN"}:
            return text
    return ""


def _checklist(context: Context, arguments: Arguments) -> Value:
    least, most = _number(context, arguments), _number(context, arguments, 1)
    yes = context.world.profile.yes
    count = sum(yes(item) for argument in arguments[2:] for item in _items(argument(context)))
    return (least < 0 or count >= least) and (most < 0 or count <= most)


def _items(value: Value) -> list[Value]:
    """Return what a value stands for one by one: the texts of a set of nodes, or itself."""
    return [string_value(node) for node in value] if isinstance(value, list) else [value]


def _weighted_checklist(context: Context, arguments: Arguments) -> Value:
    least, most = _number(context, arguments), _number(context, arguments, 1)
    pairs = zip(arguments[2::2], arguments[3::2], strict=False)
    total = sum(_weight(test(context), weight(context), context) for test, weight in pairs)
    return (least < 0 or total >= least) and (most < 0 or total <= most)


def _weight(test: Value, weight: Value, context: Context) -> float:
    """Return the weights of what stands for yes; sets of nodes go in pairs."""
    tests, weights, profile = _items(test), _items(weight), context.world.profile
    weights = weights * len(tests) if len(weights) == 1 else weights
    return sum(to_number(w, profile.number) for t, w in zip(tests, weights, strict=False) if profile.yes(t))


def _boolean_from_string(context: Context, arguments: Arguments) -> Value:
    return _text(context, arguments) in {"1", "true"}


# --- nodes -----------------------------------------------------------------------------------------------------------


def _position(context: Context, arguments: Arguments) -> Value:
    """Return the position in the set being filtered, or of a repeat instance among its siblings."""
    if not arguments:
        return float(context.position)
    found = _set(context, arguments)
    if not found or found[0].parent is None:
        return 1.0 if found else math.nan
    same = found[0].parent.named(found[0].local)
    return float(next(index for index, node in enumerate(same, 1) if node is found[0]))


def _once(context: Context, arguments: Arguments) -> Value:
    text = string_value(context.origin or context.node) or to_text(arguments[0](context))
    return "" if text == "NaN" else text


def _pulldata(context: Context, arguments: Arguments) -> Value:
    """Return pulldata(list, wanted column, key column, key): a value of a file that goes with the form."""
    if len(arguments) < 4:
        return ""  # pulldata('@geopoint', …) of Survey123: nothing to pull here
    name, wanted, key, value = (_text(context, arguments, index) for index in range(4))
    for item in _rows(context, name, key).get(value, ()):
        found = item.element(wanted)
        return string_value(found) if found else ""
    return ""


def _rows(context: Context, name: str, key: str) -> Mapping[str, Sequence[Node]]:
    instance, index = context.world.instances.get(name), context.world.index
    if instance is None:
        raise ExpressionError(_("There is no choice list or file named {name}.").format(name=name))
    root = next(iter(instance.elements()), instance)
    if index is not None:
        return index(root, key)
    return {string_value(found): [item] for item in reversed(root.elements()) if (found := item.element(key))}


def _instance(context: Context, arguments: Arguments) -> Value:
    name = _text(context, arguments)
    found = context.world.instances.get(name)
    if found is None:
        raise ExpressionError(_("There is no choice list or file named {name}.").format(name=name))
    return [found]


def _current(context: Context, _arguments: Arguments) -> Value:
    return [context.origin or context.node]


def _indexed_repeat(context: Context, arguments: Arguments) -> Value:
    """Return indexed-repeat(path, repeat, index, …): the values of path inside the named repeat instances.

    The paths are read from the top, whatever instance the rule stands in.
    """
    inside: Node | None = None
    for repeat, index in zip(arguments[1::2], arguments[2::2], strict=False):
        instances = [node for node in _set(context, [repeat]) if inside is None or _is_inside(node, inside)]
        number = to_number(index(context), context.world.profile.number)
        wanted = int(number) if math.isfinite(number) else 0
        if not 0 < wanted <= len(instances):
            return []
        inside = instances[wanted - 1]
    return [node for node in _set(context, arguments) if inside is not None and _is_inside(node, inside)]


def _is_inside(node: Node | None, ancestor: Node) -> bool:
    while node is not None:
        if node is ancestor:
            return True
        node = node.parent
    return False


def _randomize(context: Context, arguments: Arguments) -> Value:
    """Return nodes in random order; with a seed in the order that every ODK client gives (Park-Miller)."""
    found = list(_set(context, arguments))
    if len(arguments) < 2:
        if context.world.seed is not None:
            return shuffled(found, context.world.seed)
        context.world.random.shuffle(found)
        return found
    return shuffled(found, _seed(context, arguments))


def _seed(context: Context, arguments: Arguments) -> float:
    value = arguments[1](context)
    number = to_number(value, context.world.profile.number)
    if not math.isnan(number):
        return number
    text = to_text(value)
    return float(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)) if text else 0.0


def shuffled(found: Sequence[Node], seed: float) -> list[Node]:
    """Return nodes shuffled by the generator of the ODK XForms Specification, from a seed."""
    state = int(math.fmod(math.floor(seed), _PARK_MILLER)) if math.isfinite(seed) else 0
    state = state if state > 0 else state + _PARK_MILLER - 1
    mixed: list[Node] = []
    for index, node in enumerate(found):
        state = state * 16807 % _PARK_MILLER
        place = math.floor((state - 1) / (_PARK_MILLER - 1) * (index + 1))
        mixed.append(node if place == index else mixed[place])
        mixed[place] = node
    return mixed


_PARK_MILLER = 2**31 - 1


def _name(part: str) -> Function:
    def apply(context: Context, arguments: Arguments) -> Value:
        found = _set(context, arguments) if arguments else [context.node]
        if not found:
            return ""
        if part == "uri":
            return found[0].uri
        return found[0].name if part == "full" else found[0].local

    return apply


def _id(context: Context, arguments: Arguments) -> Value:
    wanted = {name for text in _texts(context, arguments) for name in text.split()}
    found: dict[str, Node] = {}
    for node in context.node.root().descendants():
        if (name := node.attribute("id")) in wanted:
            found.setdefault(name, node)
    return list(found.values())


def _lang(context: Context, arguments: Arguments) -> Value:
    wanted = _text(context, arguments).lower()
    node: Node | None = context.node
    while node is not None:
        if stated := node.attribute("xml:lang").lower():
            return stated == wanted or stated.startswith(wanted + "-")
        node = node.parent
    return False


def _own_text(context: Context, arguments: Arguments) -> str:
    return _text(context, arguments) if arguments else string_value(context.node)


FUNCTIONS: dict[str, tuple[int, int | None, Function]] = {
    # XPath 1.0
    "last": (0, 0, lambda c, a: float(c.size)),
    "position": (0, 1, _position),
    "count": (1, 1, lambda c, a: float(len(_set(c, a)))),
    "id": (1, 1, _id),
    "local-name": (0, 1, _name("local")),
    "namespace-uri": (0, 1, _name("uri")),
    "name": (0, 1, _name("full")),
    "string": (0, 1, _own_text),
    "concat": (0, None, lambda c, a: "".join(_texts(c, a))),
    "starts-with": (2, 2, lambda c, a: _text(c, a).startswith(_text(c, a, 1))),
    "ends-with": (2, 2, lambda c, a: _text(c, a).endswith(_text(c, a, 1))),
    "contains": (2, 2, lambda c, a: _text(c, a, 1) in _text(c, a)),
    "substring-before": (2, 2, lambda c, a: _before(_text(c, a), _text(c, a, 1))),
    "substring-after": (2, 2, lambda c, a: _text(c, a).partition(_text(c, a, 1))[2] if _text(c, a, 1) else _text(c, a)),
    "substring": (2, 3, _substring),
    "string-length": (0, 1, lambda c, a: float(len(_own_text(c, a)))),
    "normalize-space": (0, 1, lambda c, a: " ".join(re.findall(r"[^ \t\r\n]+", _own_text(c, a)))),
    "translate": (3, 3, _translate),
    "boolean": (1, 1, lambda c, a: to_boolean(a[0](c))),
    "not": (1, 1, lambda c, a: not to_boolean(a[0](c))),
    "true": (0, 0, lambda c, a: True),
    "false": (0, 0, lambda c, a: False),
    "lang": (1, 1, _lang),
    "number": (0, 1, lambda c, a: _number(c, a) if a else to_number(string_value(c.node), c.world.profile.number)),
    "sum": (1, 1, _sum),
    "floor": (1, 1, _unary(lambda x: x if math.isinf(x) or math.isnan(x) else math.floor(x))),
    "ceiling": (1, 1, _unary(lambda x: x if math.isinf(x) or math.isnan(x) else math.ceil(x))),
    "round": (1, 2, _round),
    # numbers of the ODK library
    "int": (1, 1, _int),
    "abs": (1, 1, _unary(abs)),
    "pow": (2, 2, _power),
    "sqrt": (1, 1, _unary(math.sqrt)),
    "exp": (1, 1, _unary(math.exp)),
    "exp10": (1, 1, _unary(lambda x: 10.0**x)),
    "log": (1, 1, _unary(_log)),
    "log10": (1, 1, _unary(_log10)),
    "sin": (1, 1, _unary(math.sin)),
    "cos": (1, 1, _unary(math.cos)),
    "tan": (1, 1, _unary(math.tan)),
    "asin": (1, 1, _unary(math.asin)),
    "acos": (1, 1, _unary(math.acos)),
    "atan": (1, 1, _unary(math.atan)),
    "atan2": (2, 2, lambda c, a: math.atan2(_number(c, a), _number(c, a, 1))),
    "pi": (0, 0, lambda c, a: math.pi),
    "min": (1, None, _extreme(min)),
    "max": (1, None, _extreme(max)),
    "random": (0, 0, lambda c, a: c.world.random.random()),
    # strings of the ODK library
    "join": (1, None, _join),
    "substr": (2, 3, _substr),
    "regex": (2, 2, _regex),
    "digest": (2, 3, _digest),
    "base64-decode": (1, 1, _base64_decode),
    "uuid": (0, 1, _uuid),
    "boolean-from-string": (1, 1, _boolean_from_string),
    # choices and nodes of the ODK library
    "if": (3, 3, _if),
    "coalesce": (1, None, _coalesce),
    "selected": (2, 2, _selected),
    "selected-at": (2, 2, _selected_at),
    "count-selected": (1, 1, lambda c, a: float(len(_text(c, a).split()))),
    "count-non-empty": (1, 1, lambda c, a: float(sum(string_value(n) != "" for n in _set(c, a)))),
    "checklist": (2, None, _checklist),
    "weighted-checklist": (2, None, _weighted_checklist),
    "jr:choice-name": (2, 2, _choice_name),
    "jr:itext": (1, 1, lambda c, a: c.world.translate(_text(c, a))),
    "instance": (1, 1, _instance),
    "pulldata": (1, None, _pulldata),
    "search": (1, None, lambda c, a: True),  # an appearance: the list that follows it is offered whole
    "extract-signed": (2, 2, _extract_signed),
    "current": (0, 0, _current),
    "once": (1, 1, _once),
    "indexed-repeat": (3, 7, _indexed_repeat),
    "randomize": (1, 2, _randomize),
    # dates and places
    **dates.FUNCTIONS,
    **places.FUNCTIONS,
}


def _before(text: str, mark: str) -> str:
    head, found, _tail = text.partition(mark) if mark else ("", "", text)
    return head if found else ""
