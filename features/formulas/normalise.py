"""Spelling of a text, before its meaning: characters folded, quotes, stars, charges and blanks taken away."""

from __future__ import annotations

import re

from features.formulas.aliases import find_alias
from features.formulas.spelling import joined_components, respelled, with_x_for_delta, without_pdf_blanks
from features.formulas.stoichiometry import FormulaError, parse

_FOLDED = {
    "0123456789": "₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "-": "₋⁻–—−‐‑", "+": "₊⁺", "·": "•∙‧⋅・", "μ": "µ", ".": "．", "x": "ₓ",
    " ": "\u00a0\u2009\u202f",
}  # fmt: skip
"""Characters written many ways, folded to one: sub- and superscript digits, dashes, middle dots, blanks."""
_TO_ASCII = {
    ord(character): plain[index % len(plain)] for plain, many in _FOLDED.items() for index, character in enumerate(many)
}
_QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“”", "‘": "’", "«": "»", "»": "«", "`": "`"}
_ANY_QUOTE = re.compile("[\"“”„«»`‘’']")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_RAISED_CHARGE = re.compile(r"(?<=[A-Za-z)\]}₀₁₂₃₄₅₆₇₈₉0-9])[⁰¹²³⁴⁵⁶⁷⁸⁹]*[⁺⁻](?=$|[\s)\]}])")
_CHARGE = re.compile(r"(?<=[A-Za-z0-9)\]}])\^\{?\d*[+-]\}?(?=$|[\s)\]}])")
_BARE_IONS = frozenset({"Li+", "Na+", "K+", "Rb+", "Cs+", "Ag+", "H+", "F-", "Cl-", "Br-", "I-", "OH-"})
_DIGIT_AND_CHARGE = re.compile(r"[A-Z([{][A-Za-z0-9.()\[\]{}]*\d[+-]")
_FACTOR = re.compile(r"(?<![\w.)\]}])(\d+(?:\.\d+)?)\s*\*\s*(?=[A-Z(\[{])")
_STAR = re.compile(r"(?<=[)\]}A-Za-z0-9])\s*\*\s*(?=[(\[{A-Z0-9])")
_VARIABLE = re.compile(r"\b(?P<name>[xyz])\s*=\s*(?P<value>\d+(?:\.\d+)?)")
_ANIONS = frozenset({"N", "O", "F", "P", "S", "Cl", "As", "Se", "Br", "Te", "I", "H"})


def fold(text: str) -> str:
    """Write sub- and superscripts, dashes, dots and blanks of a text one way.

    Parameters
    ----------
    text : str
        Text of an electrolyte, as given.

    Examples
    --------
    >>> fold("Li₆PS₅Cl")
    'Li6PS5Cl'
    """
    return re.sub(r"\s+", " ", text.translate(_TO_ASCII)).strip()


def plain_text(text: str) -> str:
    """Fold a text and take away typesetting, quotes around it and charges; stars become middle dots.

    Parameters
    ----------
    text : str
        Text of an electrolyte, as given.

    Raises
    ------
    FormulaError
        A quote without its other half, a star or a charge of unclear meaning.
    """
    raised = _RAISED_CHARGE.sub(lambda match: "^" + match[0].translate(_SUPERSCRIPTS), respelled(text.strip()))
    plain = joined_components(without_pdf_blanks(with_x_for_delta(_without_quotes(fold(raised)))))
    if "*" in plain:
        plain = _STAR.sub("·", _FACTOR.sub(r"\1", plain))
        if "*" in plain:
            raise FormulaError("a star stands where no two formulas meet; it is read as '·' between them")
    return _without_charges(plain)


def _without_quotes(plain: str) -> str:
    while len(plain) > 1 and plain[-1] in _QUOTES.get(plain[0], ""):
        inside = plain[1:-1].strip()
        if not inside:
            raise FormulaError("nothing stands between the quotes")
        plain = inside
    if match := _ANY_QUOTE.search(plain):
        raise FormulaError(f"a quote ({match[0]}) that does not enclose the whole text; leave it out")
    return plain


def _without_charges(plain: str) -> str:
    """`Li` of `Li+`, `PS4` of `PS4^3-`; in `PS43-` charge and amount cannot be separated."""
    if plain in _BARE_IONS:
        return plain[:-1]
    if _DIGIT_AND_CHARGE.fullmatch(plain):
        raise FormulaError(
            "unclear whether the digit is an amount or a charge; write the charge behind ^, as in PS4^3-"
        )
    return _CHARGE.sub("", plain)


def take_variables(plain: str) -> tuple[str, dict[str, float]]:
    """Take `(x=0.4)` out of a text.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Returns
    -------
    tuple of str and dict of str to float
        The text without it, and the values by variable.

    Examples
    --------
    >>> take_variables("Li7-xLa3Zr2-xTaxO12 (x=0.4)")
    ('Li7-xLa3Zr2-xTaxO12', {'x': 0.4})
    """
    variables = {match["name"]: float(match["value"]) for match in _VARIABLE.finditer(plain)}
    if variables:
        plain = re.sub(r"[\s,;]*\(\s*[,;\s]*\)\s*$|[\s,;]+$", "", _VARIABLE.sub("", plain))
    return plain.strip(), variables


def join_blanks(formula: str) -> str:
    """Join one formula that is written with blanks between its pieces.

    `Li1.4Al0.4Ti1.6 (PO4)3` and `La0.62 Li0.14TiO3` are one formula each, `Li3PS4 LiI` may be two.

    Parameters
    ----------
    formula : str
        Text of a formula.

    Examples
    --------
    >>> join_blanks("Li1.4Al0.4Ti1.6 (PO4)3")
    'Li1.4Al0.4Ti1.6(PO4)3'

    Raises
    ------
    FormulaError
        The blank may as well stand between two formulas, or between words.
    """
    pieces = re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", formula).split(" ")
    joined = pieces[0]
    for piece in pieces[1:]:
        if not _continues(joined, piece):
            raise FormulaError(
                f"a blank stands between '{joined[-40:]}' and '{piece[:40]}', which may be two formulas or words; "
                "write '-' or '/' between components and no blank inside a formula"
            )
        joined += piece
    return joined


def _continues(formula: str, piece: str) -> bool:
    """True where a formula can go on behind a blank."""
    if find_alias(formula) or find_alias(piece) or not re.search(r"[A-Za-z0-9)\]}]$", formula):
        return False
    if piece[:1] in ("(", "[", "{") and piece[:1] != piece:
        return re.search(r"\d|[)\]}]", formula) is not None
    if re.search(r"[)\]}][\d.]*$", formula):
        return re.match(r"[A-Z]", piece) is not None
    try:
        before, behind = set(parse(formula, {})), set(parse(piece, {}))
    except FormulaError:
        return False
    if not re.search(r"\d", formula):
        return False  # `Si Li6PS5Cl`
    if before & _ANIONS:
        return behind <= _ANIONS and not before & behind
    complete = behind & _ANIONS and behind - _ANIONS
    return not before & behind and (not complete or len(before) == 1)
