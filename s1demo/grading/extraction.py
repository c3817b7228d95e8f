"""Finds the final answer in what a model wrote. Every rule takes time linear in the text, whatever the text is."""

from __future__ import annotations

import re

from s1demo.delimiters import FORMATS, split_trace
from s1demo.grading.outcomes import Kind

_MOST_CHARACTERS = 200_000  # the answer is at the end; what stands before these is not read
_LINE_CHARACTERS = 2_000  # how far around the final line displayed formulas are joined
_BRACES = re.compile(r"\\(?:boxed|fbox)\s*\{|\\.|[{}]", re.DOTALL)
_BOX_WITHOUT_BRACES = re.compile(r"\\boxed\s+([^\s${}][^$\n{}]*)")
_LABEL = re.compile(r"answer\s*:\s*", re.IGNORECASE)
_LABEL_OR_VERB = re.compile(r"answer\s*(?::|is\b\s*:?|=)[\s*]*", re.IGNORECASE)
_DISPLAYED = re.compile(r"(?:\\\[|\$\$)\s*(.+?)\s*(?:\\\]|\$\$)", re.DOTALL)
_INLINE = re.compile(r"\$([^$]+)\$|\\\((.+?)\\\)")
_NEXT_SENTENCE = re.compile(r"\.\s+(?=[A-Z])")

_DECORATION = re.compile(r"[*$`]|\\(?:text|textbf|mathrm|mathbf)\s*(?=\{)|(?<!\\)[{}]")
_NO_OTHER = r"(?![)\]]?\s*(?:,|/|&|and\b|or\b)\s*[(\[]?[A-E](?![A-Za-z]))"  # "B and C" names no option
_LETTER = rf"[(\[]?([A-Ea-e]){_NO_OTHER}(?:[)\]]|[.:,;]?[ \t]*$|[.:,;]\s|(?=\s+(?:because|since|as|is|[-–—])(?:\s|$)))"
_OPTION = r"(?i:(?:option|choice)\s*)?"
_BOXED_LETTER = re.compile(rf"\s*{_OPTION}{_LETTER}", re.MULTILINE)
_ANSWER_LETTER = re.compile(
    rf"(?i:answer|(?:correct|right|best)\s+(?:option|choice))\s*{_OPTION}(?i:is\b|=)?\s*:?\s*{_OPTION}{_LETTER}", re.MULTILINE
)
_LONE_LETTER = re.compile(r"^[ \t]*[(\[]?([A-E])[)\]]?[.:]?[ \t]*$", re.MULTILINE)
_LEADING_LETTER = re.compile(r"^[ \t]*[(\[]?([A-E])[)\]]", re.MULTILINE)


def extract_answer(answer_text: str, kind: Kind = Kind.TEXT) -> str | None:
    """The final answer in the text after the end-of-thinking delimiter.

    Args:
        answer_text: what the model wrote as its answer; where thinking and delimiter are still in front, they are left out.
        kind: of the true answer.

    Returns:
        The content of the last complete `\\boxed{...}`, else the first line after the last "Answer:" (numbers and formulas: also
        "the answer is"), else the last line that is not empty, each without emphasis, dollar signs and final full stop; None
        where there is nothing. Letters: the capital, or what is there instead.
    """
    text = _after_thinking(answer_text)[-_MOST_CHARACTERS:]
    if kind is Kind.LETTER and (letter := _letter(text)):
        return letter
    boxed = _last_boxed(text)
    if boxed is not None:
        return bare(boxed)
    formula = kind in (Kind.INTEGER, Kind.MATH)
    labels = list((_LABEL_OR_VERB if formula else _LABEL).finditer(text))
    rest = text[labels[-1].end() :] if labels else text
    if formula:
        rest = _one_line_formulas(rest[:_LINE_CHARACTERS] if labels else rest[-_LINE_CHARACTERS:])
    lines = [line for line in rest.splitlines() if line.strip()]
    if not lines:
        return None
    line = lines[0] if labels else lines[-1]
    return bare(_formula_in(line, labelled=bool(labels)) if formula else line)


def bare(text: str) -> str | None:
    """An answer without emphasis, dollar signs and final full stop; None where nothing is left."""
    return text.strip(" \t*$").removesuffix(".").strip(" \t*$") or None


def _after_thinking(text: str) -> str:
    for fmt in FORMATS.values():
        if fmt.end_of_thinking in text:
            return split_trace(text, fmt)[1]
        if text.lstrip().startswith(fmt.think):
            return ""  # the thinking never ended
    return text


def _last_boxed(text: str) -> str | None:
    """The content of the box that begins last and is complete; escaped braces are not braces."""
    opened: list[tuple[int, int] | None] = []
    begin, inside, end = -1, 0, 0
    for token in _BRACES.finditer(text):
        if token[0] == "}" and opened:
            box = opened.pop()
            if box and box[0] > begin:
                (begin, inside), end = box, token.start()
        elif token[0] == "{":
            opened.append(None)
        elif len(token[0]) > 2:
            opened.append(token.span())
    if begin >= 0:
        return text[inside:end]
    without_braces = _BOX_WITHOUT_BRACES.findall(text)
    return without_braces[-1] if without_braces else None


def _one_line_formulas(text: str) -> str:
    return _DISPLAYED.sub(lambda formula: f"${' '.join(formula[1].split())}$", text)


def _formula_in(line: str, labelled: bool) -> str:
    """The only formula of a line, or all of it where it has several or other numbers."""
    if labelled:
        line = _NEXT_SENTENCE.split(line, maxsplit=1)[0]
    formulas = [dollars or parentheses for dollars, parentheses in _INLINE.findall(line)]
    if len(formulas) == 1 and not re.search(r"\d", _INLINE.sub("", line)):
        return str(formulas[0])
    return re.sub(r"\\[()]|(?<!\\)\$", "", line)


def _letter(text: str) -> str | None:
    """The option that is named as the answer; None where none or several are, never a default."""
    boxed = _last_boxed(text)
    if boxed is not None and (found := _BOXED_LETTER.match(_DECORATION.sub("", boxed))):
        return found[1].upper()
    plain = _DECORATION.sub("", text)
    if named := _ANSWER_LETTER.findall(plain):
        return str(named[-1]).upper()
    for pattern in (_LONE_LETTER, _LEADING_LETTER):
        if letters := set(pattern.findall(plain)):
            return str(letters.pop()) if len(letters) == 1 else None
    return None
