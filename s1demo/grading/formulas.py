"""Whether two formulas are equal, by math-verify, in a process of its own: run as a script, it imports nothing of this package.

The process reads one JSON pair a line and writes true, false or null (cannot be decided) for each. It imports math-verify once
and lets a forked child read and write, so that a child that has to be killed is replaced at once. The kernel does the killing, by
a timer without a handler: math-verify's own time-outs need Python to run and the main thread, and a formula can keep it from
both.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from typing import TextIO

READY = "ready"
_MOST_BYTES = 2**31  # of address space; a power tower asks for more
_DECIMALS = 10  # two numbers one of which is a decimal are equal when they are to so many decimals
_SHORT_FRACTION = re.compile(r"\\frac\s*(\\[A-Za-z]+|\w)\s*(\\[A-Za-z]+|\w)")
_WARM_UP = (  # what loads lazily, loaded before the first fork
    ("18.0+2\\pi", "\\frac{1}{2}\\sqrt{3}+x^2"),
    ("\\{3,5\\}", "(3,\\infty)\\cup[1,2)"),
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}1\\\\3\\end{pmatrix}"),
    ("y=2x+3", "y=x+3"),
)


def equal(answer: str, gold: str) -> bool | None:
    """Compare two formulas without a time limit.

    Args:
        answer: LaTeX or plain mathematics, dollar signs or none.
        gold: the true answer.

    Returns:
        None where one of the two cannot be read.
    """
    from math_verify import LatexExtractionConfig, parse, verify

    reading = [LatexExtractionConfig(boxed_match_priority=-1)]
    read = [
        parse(f"${_tidy(text)}$", extraction_config=reading, fallback_mode="no_fallback", parsing_timeout=None)
        for text in (answer, gold)
    ]
    if not all(read):
        return None
    try:
        same = verify(
            read[1], read[0], float_rounding=_DECIMALS, allow_set_relation_comp=True, timeout_seconds=None, raise_on_error=True
        )
    except Exception:  # sympy raises whatever it likes
        return None
    return bool(same) and _brackets_fit(_tidy(answer), _tidy(gold))


def _tidy(text: str) -> str:
    text = re.sub(r"\\(?:left|right)(?![A-Za-z])", "", text.replace("−", "-").replace("$", " ").replace("\\ ", " "))
    return _SHORT_FRACTION.sub(r"\\frac{\1}{\2}", text).strip()


def _brackets_fit(answer: str, gold: str) -> bool:
    """Whether not one of the two is a set and the other a point or an interval, which math-verify takes for equal."""
    return {answer[:2] == "\\{", gold[:2] == "\\{"} != {True, False} or not {answer[0], gold[0]} & {"(", "["}


def _compare_all(replies: TextIO, seconds: float) -> None:
    """The child: compare until nobody asks any more or a comparison takes too long."""
    _limit_memory()
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_REAL, seconds)  # SIGALRM, left to its default: the kernel ends the process
        try:
            verdict = equal(*json.loads(line))
        except Exception:  # of memory or depth, for the most part
            verdict = None
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(verdict), file=replies)


def _limit_memory() -> None:
    import resource

    for limit, most in ((resource.RLIMIT_AS, _MOST_BYTES), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(limit, (most, most))
        except (OSError, ValueError):  # a system without this limit
            continue


def main(seconds: float) -> None:
    """Answer the pairs on stdin.

    Args:
        seconds: how long one comparison may take.
    """
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no reply
    try:
        import logging

        logging.disable(logging.CRITICAL)
        for answer, gold in _WARM_UP:
            equal(answer, gold)
    except ImportError as error:
        print(error, file=replies)
        return
    print(READY, file=replies)
    while child := os.fork():
        _, status = os.waitpid(child, 0)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM):
            return  # nobody asks any more, or a pair has broken it: then the end of this process is the reply
        print(json.dumps(None), file=replies)
    _compare_all(replies, seconds)


if __name__ == "__main__":
    main(float(sys.argv[1]))
