"""Spelling of a text, before its meaning: characters folded, quotes and blanks taken away, LaTeX and HTML undone."""

from __future__ import annotations

import re

from features.formulas.aliases import find_alias
from features.formulas.stoichiometry import ELEMENTS, FormulaError, parse

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {ord("％"): "%"}
_TAG = re.compile(r"</?(?:sub|sup|i|b|em|strong|inline-formula|tex-math)>", re.IGNORECASE)
_LATEX_WORD = re.compile(r"\\(?:mathrm|mathit|mathsf|text|rm|ce|textit|textrm)\b\s*")
_LATEX_SIGNS = {r"\cdot": "·", r"\delta": "δ", r"\alpha": "α", r"\beta": "β", r"\gamma": "γ", r"\times": "·", r"\,": ""}
_SUBSCRIPT = re.compile(r"(?<=[A-Za-z)\]}])_(?!\d{3,4}\s*°?\s*[CK]\b)(?:\{(?P<braced>[^{}]*)\}|(?=[\d.xyzδ]))")
_BRACED = re.compile(r"(?<![A-Za-z0-9)\]}^])\{(?P<inside>[^{}]*)\}$|^\{(?P<whole>[^{}]*)\}$")
_RAISED_LETTER = re.compile(r"(?:\s*\^\{?[a-h]\}?|[ᵃᵇᶜᵈᵉᶠᵍʰ†‡§¶]+|\s+[a-h]|\s+\([a-h]\)|\s*\[[a-h]\])$")
_REFERENCE = re.compile(r"(?<=[\w)])\s*\[\d{1,3}(?:\s*[,–-]\s*\d{1,3})*\]$")
_DELTA_VALUE = re.compile(r"[δΔ]\s*=\s*\d")
_COEFFICIENT = re.compile(r"\(\s*[\d.]*\s*[xyz]?(?:\s*[+-]\s*[\d.]*\s*[xyz]?)+\s*\)(?=\s*[A-Z(\[])")
_PERCENT = re.compile(r"(?P<value>\d+(?:\.\d+)?)\s*%\s*(?P<what>[A-Z][A-Za-z0-9.()\[\]]*)")
_EQUAL_RATIO = re.compile(
    r"(?P<parts>[A-Z][\w.()\[\]]*(?:\s*[:/-]\s*[A-Z][\w.()\[\]]*)+)\s*(?:=|\bin a ratio of\b)\s*"
    r"\(?(?P<ratio>\d+(?:\.\d+)?(?:\s*:\s*\d+(?:\.\d+)?)+)\)?(?P<basis>\s*(?:by )?(?:mol\w*|wt|weight|w/w)?\.?)"
)
_MOLES = r"\d+(?:\.\d+)?\s*[A-Z][A-Za-z0-9.()\[\]]*"
_BESIDE = re.compile(rf"{_MOLES}(?:(?: | ?: ?){_MOLES})+")
_PDF_BLANKS = re.compile(r"[A-Z(\[][A-Za-z()\[\]]*+(?: ?[\d.]++| ?[A-Za-z()\[\]]++)*+")


def respelled(text: str) -> str:
    """Return a text without the marks of its typesetting: full-width forms, LaTeX, HTML, footnotes, a full stop.

    Parameters
    ----------
    text : str
        Text of an electrolyte, as given.

    Examples
    --------
    >>> respelled("Li1.3Al0.3Ti1.7（PO4）3"), respelled("Li$_6$PS$_5$Cl"), respelled("Li_{6}PS_5Cl^a")
    ('Li1.3Al0.3Ti1.7(PO4)3', 'Li6PS5Cl', 'Li6PS5Cl')
    >>> respelled("Li<sub>6</sub>PS<sub>5</sub>Cl [12]"), respelled("β-Li3PS4.")
    ('Li6PS5Cl', 'β-Li3PS4')
    """
    plain = _TAG.sub("", text.translate(_FULL_WIDTH))
    if "\\" in plain:
        for sign, replacement in _LATEX_SIGNS.items():
            plain = plain.replace(sign, replacement)
        plain = _LATEX_WORD.sub("", plain)
    plain = plain.replace("$", "")
    plain = _SUBSCRIPT.sub(lambda match: match["braced"] or "", plain).strip()
    plain = _BRACED.sub(lambda match: match["inside"] or match["whole"] or "", plain)
    plain = _REFERENCE.sub("", _RAISED_LETTER.sub("", plain))
    return plain[:-1] if plain.endswith(".") and not plain.endswith("..") else plain


def with_x_for_delta(plain: str) -> str:
    """Return a text in which a δ that has a value is written as one of the variables x, y and z.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Examples
    --------
    >>> with_x_for_delta("Li10+δGe1+δP2-δS12, δ = 0.35"), with_x_for_delta("δ-Li3PS4")
    ('Li10+xGe1+xP2-xS12, x = 0.35', 'δ-Li3PS4')
    """
    if not _DELTA_VALUE.search(plain):
        return plain
    spare = next(letter for letter in "xyz" if letter not in plain or letter == "z")
    return re.sub("[δΔ]", spare, plain)


def joined_components(plain: str) -> str:
    """Return a text whose components by mole stand between middle dots, as the grammar reads them.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Examples
    --------
    >>> joined_components("75%Li2S-25%P2S5"), joined_components("80Li2S 20P2S5"), joined_components("50LiI:50Li3PS4")
    ('75Li2S·25P2S5', '80Li2S·20P2S5', '50LiI·50Li3PS4')
    >>> joined_components("Li2S:P2S5 = 7:3"), joined_components("75Li2S·(25 - x)P2S5·xP2O5 (x = 5)")
    ('Li2S-P2S5 (7:3)', '75Li2S·(25-x)P2S5·xP2O5 (x = 5)')
    """
    plain = _COEFFICIENT.sub(lambda match: match[0].replace(" ", ""), plain)
    if match := _EQUAL_RATIO.fullmatch(plain):
        parts = re.split(r"\s*[:/-]\s*", match["parts"])
        if not any((alias := find_alias(part)) and alias.role == "polymer" for part in parts):
            return f"{'-'.join(parts)} ({match['ratio']}{match['basis']})"
    if _BESIDE.fullmatch(plain):
        return "·".join(piece.replace(" ", "") for piece in re.split(r"(?<=[A-Za-z\d)\]])(?: ?: ?| )(?=\d)", plain))
    if "%" in plain and not re.search("wt|vol|mol", plain):
        pieces = [_PERCENT.fullmatch(piece.strip()) for piece in re.split(r"[-·+]", plain)]
        if len(pieces) > 1 and all(piece and _is_formula(piece["what"]) for piece in pieces):
            return "·".join(f"{piece['value']}{piece['what']}" for piece in pieces if piece)
    return plain


def _is_formula(text: str) -> bool:
    try:
        parse(text, {})
    except FormulaError:
        return False
    return True


def without_pdf_blanks(plain: str) -> str:
    """Return one formula without the blanks that a PDF leaves around its subscripts; other texts as they are.

    A text that would then hold an element twice may be two formulas, and stays.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Examples
    --------
    >>> without_pdf_blanks("Li 6 Sb 0.1 P 0.9 S 5 I"), without_pdf_blanks("Li 1.3 Al 0.3 Ti 1.7 (PO 4 ) 3")
    ('Li6Sb0.1P0.9S5I', 'Li1.3Al0.3Ti1.7(PO4)3')
    >>> without_pdf_blanks("Li2S 25 P2S5"), without_pdf_blanks("porous Si")
    ('Li2S 25 P2S5', 'porous Si')
    """
    if not re.search(r"[A-Za-z)\]] [\d.]+(?: |$)", plain) or not _PDF_BLANKS.fullmatch(plain):
        return plain
    joined = plain.replace(" ", "")
    symbols = re.findall("[A-Z][a-z]?", joined)
    if len(symbols) != len(set(symbols)) or not all(symbol in ELEMENTS for symbol in symbols):
        return plain
    return joined if _is_formula(joined) else plain


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
