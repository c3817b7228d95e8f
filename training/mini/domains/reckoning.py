"""Works out an expression such as `(a - b) / 3` for given numbers, in four ways that share as few steps as they can.

Knows arithmetic and the scribe; knows no questions. Values are exact, written as decimals where they end and as fractions
elsewhere. Every step builds on the number that was written, so that a slip goes on.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import lead_and_rest, round_parts

Value = Fraction
Numbers = Mapping[str, Fraction]
Work = Callable[[str, Value, Value, Scribe], Value]  # sign, both numbers, the pen -> the value that was written

SIGNS: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "×",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "^",
    ast.Lt: "<",
    ast.Gt: ">",
    ast.LtE: "<=",
    ast.GtE: ">=",
    ast.Eq: "=",
    ast.NotEq: "≠",
}
LINKS = {"//": " whole times ", "%": " rest by "}
BINDING = {"+": 1, "-": 1, "×": 2, "/": 2, "//": 2, "%": 2, "^": 3}
MOST_POWER = 100
MOST_STEPS = 40  # of one operation
_KNOWN = (
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Name, ast.Constant, ast.Call),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.Load),
)
_ROUNDINGS: dict[str, Callable[[Fraction], int]] = {"ceil": math.ceil, "floor": math.floor, "int": math.floor, "round": round}


def parsed(expression: str) -> ast.expr:
    """The syntax tree of an expression.

    Raises:
        ValueError: it holds something else than numbers, names, operators and the functions of `call`.
    """
    tree = ast.parse(expression.strip(), mode="eval").body
    for node in ast.walk(tree):
        if not isinstance(node, _KNOWN):
            raise ValueError(f"{expression!r} holds {type(node).__name__}")
    return tree


def apply(sign: str, left: Value, right: Value) -> Value:
    """The exact result of one operation; a comparison gives 1 or 0.

    Raises:
        ZeroDivisionError: a division by nothing.
        ValueError: a power too large to write.
    """
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "×":
            return left * right
        case "/":
            return left / right
        case "//":
            return Fraction(left // right)
        case "%":
            return left % right
        case "^":
            if right.denominator != 1 or not 0 <= right <= MOST_POWER:
                raise ValueError("a power that nobody works out by hand")
            return Fraction(left ** int(right))
        case "<":
            return Fraction(left < right)
        case ">":
            return Fraction(left > right)
        case "<=":
            return Fraction(left <= right)
        case ">=":
            return Fraction(left >= right)
        case "=":
            return Fraction(left == right)
        case "≠":
            return Fraction(left != right)
    raise ValueError(f"unknown sign {sign!r}")


def call(name: str, values: list[Value]) -> Value:
    """The exact result of a function: min, max, gcd, lcm, sqrt, ceil, floor, round, abs.

    Raises:
        ValueError: an unknown function, or numbers it has no exact result for.
    """
    if name in ("min", "max"):
        return min(values) if name == "min" else max(values)
    if name in ("gcd", "lcm"):
        if any(value.denominator != 1 or value < 1 for value in values):
            raise ValueError(f"{name} of something that is no natural number")
        return Fraction((math.gcd if name == "gcd" else math.lcm)(*(int(value) for value in values)))
    (value,) = values
    if name == "sqrt":
        root = Fraction(math.isqrt(max(0, value.numerator)), math.isqrt(value.denominator))
        if root * root != value:
            raise ValueError("a root that does not come out")
        return root
    if name in _ROUNDINGS:
        return Fraction(_ROUNDINGS[name](value))
    if name == "abs":
        return abs(value)
    raise ValueError(f"unknown function {name!r}")


def evaluate(node: ast.expr, numbers: Numbers) -> Value:
    """The exact value of an expression; a condition gives 1 or 0."""
    match node:
        case ast.Constant(value=value):
            return Fraction(str(value))
        case ast.Name(id=name):
            return numbers[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -evaluate(operand, numbers)
        case ast.BinOp(left=left, op=op, right=right):
            return apply(SIGNS[type(op)], evaluate(left, numbers), evaluate(right, numbers))
        case ast.Call(func=ast.Name(id=name), args=args):
            return call(name, [evaluate(arg, numbers) for arg in args])
        case ast.Compare(left=left, ops=ops, comparators=others):
            values = [evaluate(each, numbers) for each in (left, *others)]
            pairs = zip(values, ops, values[1:], strict=False)
            return Fraction(all(apply(SIGNS[type(op)], one, other) for one, op, other in pairs))
        case ast.BoolOp(op=op, values=parts):
            return Fraction((all if isinstance(op, ast.And) else any)(evaluate(part, numbers) for part in parts))
    raise ValueError(f"cannot evaluate {ast.dump(node)}")


def written(value: Value, places: int | None = None) -> str:
    """A number as a person writes it: 12, 3.75, -5, 7/12.

    Args:
        value: the number.
        places: decimals to show in any case, as with money; None for as many as it has.
    """
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    digits = max(twos, fives) if places is None else max(places, twos, fives)
    return f"{'-' if value < 0 else ''}{abs(value.numerator) * 10**digits // value.denominator / 10**digits:.{digits}f}"


def as_text(node: ast.expr, numbers: Numbers, binding: int = 0) -> str:
    """An expression with its numbers filled in, as it is written at school: 24 - 24 / 3, 2 × (3 + 4)."""
    match node:
        case ast.Constant() | ast.Name():
            value = evaluate(node, numbers)
            text = written(value)
            return f"({text})" if binding and (value < 0 or "/" in text) else text
        case ast.UnaryOp(operand=operand):
            return f"-{as_text(operand, numbers, 3)}"
        case ast.BinOp(left=left, op=op, right=right):
            sign = SIGNS[type(op)]
            own = BINDING[sign]
            text = f"{as_text(left, numbers, own)}{LINKS.get(sign, f' {sign} ')}{as_text(right, numbers, own + 1)}"
            return f"({text})" if own < binding else text
        case ast.Call(func=ast.Name(id=name), args=args):
            return f"{name}({', '.join(as_text(arg, numbers) for arg in args)})"
        case ast.Compare(left=left, ops=ops, comparators=others):
            texts = [as_text(each, numbers) for each in (left, *others)]
            return "".join([texts[0], *(f" {SIGNS[type(op)]} {text}" for op, text in zip(ops, texts[1:], strict=True))])
        case ast.BoolOp(op=op, values=parts):
            return (" and " if isinstance(op, ast.And) else " or ").join(as_text(part, numbers) for part in parts)
    raise ValueError(f"cannot write {ast.dump(node)}")


# --- the four ways of working ------------------------------------------------------------------------------------------------


def one_expression(node: ast.expr, numbers: Numbers, scribe: Scribe) -> Value:
    """The draft: the whole expression in one go."""
    scribe.say(f" {as_text(node, numbers)}")
    return _result(node, evaluate(node, numbers), scribe)


def in_steps(node: ast.expr, numbers: Numbers, scribe: Scribe, work: Work) -> Value:
    """Every operation of an expression after the other, from the inside out; the steps are separated by full stops."""
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            one, other = (in_steps(each, numbers, scribe, work) for each in (left, right))
            value = work(SIGNS[type(op)], one, other, scribe)
            scribe.say(".")
            return value
        case ast.Call(func=ast.Name(id=name), args=args):
            values = [in_steps(arg, numbers, scribe, work) for arg in args]
            value = _function(name, values, scribe, work)
            scribe.say(".")
            return value
        case ast.UnaryOp(operand=operand):
            return -in_steps(operand, numbers, scribe, work)
        case ast.Compare(left=left, ops=ops, comparators=others):
            values = [in_steps(each, numbers, scribe, work) for each in (left, *others)]
            scribe.say(f" {written(values[0])}")
            for sign, value in zip((SIGNS[type(op)] for op in ops), values[1:], strict=True):
                scribe.say(f" {sign} {written(value)}")
            pairs = zip(values, ops, values[1:], strict=False)
            return _verdict(Fraction(all(apply(SIGNS[type(op)], one, other) for one, op, other in pairs)), scribe)
        case ast.BoolOp(op=op, values=parts):
            found = [in_steps(part, numbers, scribe, work) for part in parts]
            return Fraction((all if isinstance(op, ast.And) else any)(found))
    return evaluate(node, numbers)


def at_once(sign: str, left: Value, right: Value, scribe: Scribe) -> Value:
    """An operation in one go."""
    scribe.say(f" {_operation(sign, left, right)} =")
    return _put(apply(sign, left, right), scribe)


def in_big_parts(sign: str, left: Value, right: Value, scribe: Scribe) -> Value:
    """An operation with its second number in its first digit and the rest: the rough check of a single operation."""
    if sign in "+-" and _whole(left, right) and right >= 10:
        parts = lead_and_rest(int(right))
        return _through(sign, left, [Fraction(part) for part in parts], scribe)
    if sign == "×" and _whole(left, right) and min(left, right) > 1 and max(left, right) >= 11:
        one, other = sorted((left, right))
        return _sum_of_products(other, one, lead_and_rest(int(other)), scribe)
    return at_once(sign, left, right, scribe)


def by_parts(sign: str, left: Value, right: Value, scribe: Scribe) -> Value:
    """The first careful way: numbers in their hundreds, tens and ones, from the largest; division by taking away multiples."""
    if plain := _without_decimals(sign, left, right, scribe, by_parts):
        return plain[0]
    match sign:
        case "+" | "-" if right >= 0:
            return _through(sign, left, [Fraction(part) for part in round_parts(int(right))] or [right], scribe)
        case "×" if left > 0 and right > 0:
            one, other = sorted((left, right))
            return _sum_of_products(other, one, round_parts(int(other)), scribe)
        case "/" | "//" | "%" if left >= 0 and right > 0:
            return _by_multiples(sign, left, right, scribe)
        case "^":
            return _repeated(left, int(right), scribe)
    return at_once(sign, left, right, scribe)


def by_digits(sign: str, left: Value, right: Value, scribe: Scribe) -> Value:
    """The second careful way: from the ones up, counting up to the larger number, division digit by digit."""
    if plain := _without_decimals(sign, left, right, scribe, by_digits):
        return plain[0]
    match sign:
        case "+" if left >= 0 and right >= 0:
            return _through("+", right, [Fraction(part) for part in reversed(round_parts(int(left)))] or [left], scribe)
        case "-" if left >= right >= 0:
            return _counted_up(left, right, scribe)
        case "×" if left > 0 and right > 0:
            one, other = sorted((left, right))
            return _sum_of_products(one, other, round_parts(int(one)), scribe)
        case "/" | "//" | "%" if left >= 0 and right > 0:
            return _digit_by_digit(sign, left, right, scribe)
        case "^":
            return _repeated(left, int(right), scribe)
    return at_once(sign, left, right, scribe)


# --- parts of them -----------------------------------------------------------------------------------------------------------


def _operation(sign: str, left: Value, right: Value) -> str:
    texts = [written(left), written(right)]
    texts[1] = f"({texts[1]})" if texts[1].startswith("-") else texts[1]
    return LINKS.get(sign, f" {sign} ").join(texts)


def _put(right: Value, scribe: Scribe) -> Value:
    """Write a computed number, perhaps a wrong one; returns the one written."""
    if right.denominator == 1 and right >= 0:
        return Fraction(scribe.value(int(right)))
    text = written(right)
    unit = Fraction(1, right.denominator if "/" in text else 10 ** len(text.partition(".")[2]))
    return Fraction(scribe.pick(text, [text, written(right + unit), written(right - unit)]))


def _whole(*values: Value) -> bool:
    return all(value.denominator == 1 for value in values)


def _verdict(right: Value, scribe: Scribe) -> Value:
    return Fraction(scribe.say(" is").pick("true" if right else "false", ("false", "true")) == "true")


def _result(node: ast.expr, right: Value, scribe: Scribe) -> Value:
    if isinstance(node, ast.Compare | ast.BoolOp):
        return _verdict(right, scribe)
    scribe.say(" =")
    return _put(right, scribe)


def _through(sign: str, total: Value, parts: list[Value], scribe: Scribe) -> Value:
    for index, part in enumerate(parts):
        scribe.say(f"{',' if index else ''} {_operation(sign, total, part)} =")
        total = _put(apply(sign, total, part), scribe)
    return total


def _sum_of_products(split: Value, factor: Value, parts: list[int], scribe: Scribe) -> Value:
    products = []
    for index, part in enumerate(parts):
        scribe.say(f"{',' if index else ''} {part} × {written(factor)} =")
        products.append(_put(part * factor, scribe))
    total = products[0]
    for product in products[1:]:
        scribe.say(f", {written(total)} + {written(product)} =")
        total = _put(total + product, scribe)
    return total


def _by_multiples(sign: str, left: Value, right: Value, scribe: Scribe) -> Value:
    """144 / 12: 12 × 10 = 120, 144 - 120 = 24, 12 × 2 = 24, 24 - 24 = 0, 10 + 2 = 12."""
    scribe.say(f" {_operation(sign, left, right)}:")
    rest, taken, first = left, list[Value](), True
    while rest >= right and len(taken) < MOST_STEPS:
        whole = int(rest // right)
        factor = Fraction(int(str(whole)[0]) * 10 ** (len(str(whole)) - 1))
        scribe.say(f"{'' if first else ','} {written(right)} × {written(factor)} =")
        product, first = _put(right * factor, scribe), False
        scribe.say(f", {written(rest)} - {written(product)} =")
        rest = _put(rest - product, scribe)
        taken.append(factor)
    count = sum(taken, Fraction(0))
    if len(taken) > 1:
        scribe.say(f", {' + '.join(written(factor) for factor in taken)} =")
        count = _put(count, scribe)
    return _with_rest(sign, count, rest, right, scribe)


def _digit_by_digit(sign: str, left: Value, right: Value, scribe: Scribe) -> Value:
    """144 / 12: 14 by 12 is 1 rest 2, 24 by 12 is 2 rest 0, so 12."""
    scribe.say(f" {_operation(sign, left, right)}:")
    rest, digits = Fraction(0), ""
    for place, digit in enumerate(str(int(left))):
        rest = rest * 10 + int(digit)
        if rest < right and not digits and place < len(str(int(left))) - 1:
            continue
        scribe.say(f"{',' if digits else ''} {written(rest)} by {written(right)} is")
        count = _put(Fraction(rest // right), scribe)
        scribe.say(" rest")
        rest = _put(rest - count * right, scribe)
        digits += written(count)
    count = Fraction(int(digits))
    scribe.say(f", together {written(count)}")
    return _with_rest(sign, count, rest, right, scribe)


def _with_rest(sign: str, count: Value, rest: Value, right: Value, scribe: Scribe) -> Value:
    """What a division with rest gives, by what was asked for."""
    if sign == "/" and rest:
        scribe.say(f" and {written(rest)}/{written(right)}, that is")
        return _put(count + rest / right, scribe)
    if sign == "%":
        scribe.say(f", rest {written(rest)}")
        return rest
    if sign == "//" and rest:
        scribe.say(f", the rest of {written(rest)} is not enough for one more")
    return count


def _repeated(base: Value, power: int, scribe: Scribe) -> Value:
    total = base if power else Fraction(1)
    for index in range(power - 1):
        scribe.say(f"{',' if index else ''} {_operation('×', total, base)} =")
        total = _put(total * base, scribe)
    return total


def _counted_up(left: Value, right: Value, scribe: Scribe) -> Value:
    """503 - 278 by counting up: 278 + 2 = 280, 280 + 20 = 300, 300 + 203 = 503, 2 + 20 + 203 = 225."""
    position, jumps, unit = right, list[Value](), 10
    while position < left:
        rest = -position % unit
        if not rest and unit < 10000:
            unit *= 10
            continue
        jump = min(Fraction(rest) if position + rest <= left and rest else left - position, left - position)
        scribe.say(f"{',' if jumps else ''} {written(position)} + {written(jump)} =")
        position = _put(position + jump, scribe)
        jumps.append(jump)
        if len(jumps) > MOST_STEPS:
            break
    if len(jumps) < 2:
        return jumps[0] if jumps else Fraction(0)
    scribe.say(f", {' + '.join(written(jump) for jump in jumps)} =")
    return _put(sum(jumps, Fraction(0)), scribe)


def _decimals(value: Value) -> int | None:
    text = written(value)
    return None if "/" in text else len(text.partition(".")[2])


def _without_decimals(sign: str, left: Value, right: Value, scribe: Scribe, work: Work) -> tuple[Value] | None:
    """The same operation with whole numbers where one is a decimal or a fraction; None where both are whole already."""
    if _whole(left, right):
        return None
    places = _decimals(left), _decimals(right)
    if None in places or sign == "^":
        return (_fractions(sign, left, right, scribe),)
    one, other = (int(n or 0) for n in places)
    if sign == "×":
        scribe.say(f" without decimals {written(left * 10**one)} × {written(right * 10**other)}:")
        product = work("×", left * 10**one, right * 10**other, scribe)
        scribe.say(f", with {one + other} decimals")
        return (_put(product / 10 ** (one + other), scribe),)
    most = max(one, other)
    scale = 10**most
    scribe.say(f" times {scale}: {_operation(sign, left * scale, right * scale)},")
    value = work(sign, left * scale, right * scale, scribe)
    if sign in ("/", "//"):
        return (value,)
    scribe.say(f", over {scale}")
    return (_put(value / scale, scribe),)


def _fractions(sign: str, left: Value, right: Value, scribe: Scribe) -> Value:
    if sign in ("+", "-"):
        common = math.lcm(left.denominator, right.denominator)
        tops = []
        for index, value in enumerate((left, right)):
            scribe.say(f"{',' if index else ''} {value.numerator}/{value.denominator} =")
            tops.append(scribe.value(abs(int(value * common))) * (1 if value >= 0 else -1))
            scribe.say(f"/{common}")
        scribe.say(f", {_operation(sign, Fraction(tops[0]), Fraction(tops[1]))} =")
        top = _put(apply(sign, Fraction(tops[0]), Fraction(tops[1])), scribe)
        scribe.say(f", {written(top)}/{common} =")
        return _put(top / common, scribe)
    if sign in ("×", "/") and right:
        other = right if sign == "×" else 1 / right
        if sign == "/":
            scribe.say(f" / {written(right)} is × {other.numerator}/{other.denominator},")
        values = []
        for index, pair in enumerate(((left.numerator, other.numerator), (left.denominator, other.denominator))):
            scribe.say(f"{',' if index else ''} {pair[0]} × {pair[1]} =")
            values.append(_put(Fraction(pair[0] * pair[1]), scribe))
        if values[1]:
            scribe.say(f", {written(values[0])}/{written(values[1])} =")
            return _put(values[0] / values[1], scribe)
    return at_once(sign, left, right, scribe)


def _function(name: str, values: list[Value], scribe: Scribe, work: Work) -> Value:
    listing = ", ".join(map(written, values))
    careful = work in (by_parts, by_digits)
    if name == "gcd" and careful and len(values) == 2 and work is by_parts:
        one, other = values
        first = True
        while other:
            scribe.say(f"{'' if first else ','} {written(one)} rest by {written(other)} =")
            one, other, first = other, _put(one % other, scribe), False
        return one
    if name == "lcm" and careful and len(values) == 2:
        large, small = max(values), min(values)
        multiple, tries = large, 0
        scribe.say(f" multiples of {written(large)}: {written(large)}")
        while multiple % small and tries < MOST_STEPS:
            multiple, tries = multiple + large, tries + 1
            scribe.say(",")
            multiple = _put(multiple, scribe)
        return multiple
    if name == "sqrt" and careful:
        (value,) = values
        root = call(name, values)
        scribe.say(f" {written(root)} × {written(root)} =")
        _put(value, scribe)
        scribe.say(", the root is")
        return _put(root, scribe)
    scribe.say(f" {name}({listing}) =")
    return _put(call(name, values), scribe)
