"""Words beside a formula: form, size and architecture, classes of electrolytes, dopants. None of them is a phase."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from features.formulas.aliases import aliases, find_alias
from features.formulas.stoichiometry import ELEMENTS, FormulaError, parse

LAYERED = r"bi-?layer|(?:dual|double)[- ]layer|tri-?layer|multi-?layer"
_FORM_WORDS = (
    # state
    "glass[- ]ceramic", "glassy", "glass", "single[- ]crystal", "polycrystalline", "crystalline", "amorphous", "cubic",
    "tetragonal", "pure", "pristine", "bare", "sputtered",
    # size
    "nano", "micron", "micro",
    # architecture
    LAYERED, "(?:nano|meso|micro|macro)?-?porous", "thin[- ]film", "films?", "hollow", "columnar", "thin", "thick",
    "layers?", "wafers?", "(?:nano|micro)?-?particles?", "powders?", "(?:nano|micro)?-?spheres?", "nano-?tubes?",
    "NTs?", "nano-?wires?", "NWs?", "(?:nano-?)?rods?", "arrays?", "(?:nano)?-?fib(?:er|re)s?", "nano-?sheets?",
    "sheets?", "flakes?", "pellets?", "network", "interconnected", "double-walled", "[123]D", "pre-designed", "void",
    "structure", "self-healing", "self-healable", "cross-?linked",
    # part of a cell
    "composites?", "electrodes?", "anodes?", "cathodes?", "binder",
)  # fmt: skip
_FORM = re.compile(
    r"^(?P<polymorph>[αβγδε]|(?:alpha|beta|gamma|delta)|[abg](?=-Li))-"
    rf"|(?<![\w.])(?P<word>(?i:{'|'.join(_FORM_WORDS)}))(?:(?=$|[\s(),;/@|])|-(?=[A-Zμ]))"
    r"|(?<![\w-])(?P<size>(?:[canu][- ]|(?:μ|nano|micro)[- ]?)(?=Si(?![a-z])))"
)
"""A size letter (`c-Si`, `a-Si`, `n-Si`, `u-Si`) needs its hyphen: `CSi`, `CsI` and `USi3` are compounds."""
CLASS_WORDS = frozenset({"SE", "SSE", "ASSE", "SPE", "CPE", "GPE", "solid electrolyte", "liquid electrolyte"})
"""Words for the electrolyte of the cell: a part of a text, but no answer to which electrolyte."""
CLASS_PREFIX = re.compile(rf"^(?:{'|'.join(sorted(CLASS_WORDS))})\s*:\s*")

_DOPED_CLASSES = {"oxide-garnet", "oxide-nasicon", "lipon"}
_PHASES_BESIDE = {"Li", "Si", "C", "S", "In"}
"""Elements that stand beside an electrolyte as phases of a cell: `Si-LLZO` is a mixture, `Al-LLZO` a doped garnet."""
_SYMBOL = r"[A-Z][a-z]?(?:\d+(?:\.\d+)?)?"
_SYMBOLS = rf"{_SYMBOL}(?:[,&]{_SYMBOL})*"
_DOPED = re.compile(rf"(?P<dopant>{_SYMBOLS})[- ]doped (?P<base>[^\s/@|+]+)")
_CO_DOPED = re.compile(r"(?P<dopant>[A-Z][a-z]?(?:[/,&-][A-Z][a-z]?)+)[- ]co-?doped (?P<base>[^\s/@|+]+)")
_DOPED_WITH = re.compile(rf"(?P<base>[^\s/@|+]+) (?:co-)?doped with (?P<dopant>{_SYMBOLS})")
_NAME_AND_AMOUNT = re.compile(r"(?P<base>[A-Za-z]+)[ :](?P<dopant>[A-Z][a-z]?\d+(?:\.\d+)?)")
_COLON = re.compile(rf"(?P<base>[^\s/@|+:]+):\s?(?P<dopant>{_SYMBOLS})")
_HYPHENED = re.compile(r"(?<![A-Za-z])(?P<dopant>[A-Z][a-z]?)-(?P<base>[A-Za-z]+)(?!\w)")


_TREATMENT = re.compile(
    r"(?<=[\w.)\]])(?:\s*[-_,@]\s*|\s+|\s*(?=\())\(?(?P<words>(?:annealed |sintered |heated |treated |at |@ ?)*"
    r"(?:[1-9]\d{2,3}\s?(?:°\s?C?|C|K)|[1-9]\d{1,3}\s?°\s?C)"
    r"(?:[-_/, ]+(?:for )?\d+(?:\.\d+)?\s?(?:h|hr|hours?|min))?)\)?$"
)
"""A temperature behind a formula, of an annealing or of the measurement: `Li6PS5Cl-550C`, `Li7P3S11 (240 °C, 2 h)`."""


def take_treatment(plain: str) -> tuple[str, list[str]]:
    """Take a temperature and a time behind a formula off a text: a remark on the sample, no carbon and no potassium.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Returns
    -------
    tuple of str and list of str
        The text without them, and the temperature and time as written.

    Examples
    --------
    >>> take_treatment("Li6PS5Cl-550C"), take_treatment("70Li2S-30P2S5")
    (('Li6PS5Cl', ['550C']), ('70Li2S-30P2S5', []))
    """
    match = _TREATMENT.search(plain)
    if match is None or plain.count("(") - match[0].count("(") != plain.count(")") - match[0].count(")"):
        return plain, []
    return plain[: match.start()], [match["words"]]


def take_form(plain: str) -> tuple[str, list[str]]:
    """Take the words that name a form out of a text.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Returns
    -------
    tuple of str and list of str
        The text without them, and the words as written.

    Examples
    --------
    >>> take_form("porous Si")
    ('Si', ['porous'])
    """
    form_words: list[str] = []

    def keep(match: re.Match[str]) -> str:
        form_words.append((match["polymorph"] or match["word"] or match["size"]).rstrip("- "))
        return ""

    stripped = _FORM.sub(keep, plain)
    if not form_words:
        return plain, form_words
    stripped = re.sub(r"\s*\(\s*[,;\s]*\)", "", stripped)
    stripped = re.sub(r"(?<=\w)-(?=[/@|)])", "", re.sub(r"\s+", " ", stripped)).strip(" ,;")
    stripped = stripped if plain.endswith("-") else stripped.rstrip("-")
    return stripped.removesuffix(" with"), form_words


@lru_cache(maxsize=1)
def _members() -> dict[str, str]:
    """The first member in the table of names, by class and by each word of a class's name."""
    members: dict[str, str] = {}
    for alias in aliases().values():
        for word in (alias.electrolyte_class.replace("-", ""), *alias.electrolyte_class.split("-")):
            # garnet and LiPON are names as well; a salt is no electrolyte yet
            if word not in ("", "other") and alias.role != "salt" and not find_alias(word):
                members.setdefault(word, alias.composition or alias.name)
    return members


def check_class(plain: str) -> None:
    """Refuse a text that names a class of electrolytes (`argyrodite`, `sulfide argyrodites`), not one.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Raises
    ------
    FormulaError
        With a member of the class, unless it is one of `CLASS_WORDS`.
    """
    if plain in CLASS_WORDS:
        raise FormulaError(f"'{plain}' names a class of electrolytes, not one; write its formula")
    if member := _members().get(re.sub("[- ]", "", plain).casefold().removesuffix("s")):
        raise FormulaError(
            f"'{plain}' names a class of electrolytes, not one; write its formula, such as {member}; "
            f"the class goes into electrolyte_class"
        )


def is_layered(form_words: list[str]) -> bool:
    """Return True where a word such as `bilayer` makes the pieces layers.

    Parameters
    ----------
    form_words : list of str
        Words of form, size or architecture.
    """
    return any(re.fullmatch(LAYERED, word, re.IGNORECASE) for word in form_words)


def is_composite(form_words: list[str]) -> bool:
    """Return True where the word `composite` adds phases besides those named.

    Parameters
    ----------
    form_words : list of str
        Words of form, size or architecture.
    """
    return any(word.casefold() in ("composite", "composites") for word in form_words)


def find_doped(plain: str) -> tuple[str, str] | None:
    """Find dopant and base of `Fe-LiPON`, `Al-doped LLZO`, `LLZO Ta0.5` or `LLZO doped with Al`.

    Which element it replaces, and mostly how much, is not written: such a phase has no composition.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Returns
    -------
    tuple of str, or None
        Dopant and base; None where the text names no doped phase.

    Examples
    --------
    >>> find_doped("Al-doped LLZO"), find_doped("Si-LLZO")
    (('Al', 'LLZO'), None)
    """
    for pattern in (_DOPED, _CO_DOPED, _DOPED_WITH, _COLON, _HYPHENED, _NAME_AND_AMOUNT):
        match = pattern.fullmatch(plain)
        if match and all(symbol in ELEMENTS for symbol in re.findall("[A-Z][a-z]?", match["dopant"])):
            if pattern in (_HYPHENED, _NAME_AND_AMOUNT) and not _is_doped_name(match):
                continue
            return match["dopant"], match["base"]
    return None


def _is_doped_name(match: re.Match[str]) -> bool:
    alias = find_alias(match["base"])
    in_class = alias is not None and alias.electrolyte_class in _DOPED_CLASSES
    dopant = match["dopant"].rstrip("0123456789.")
    return in_class and dopant in ELEMENTS and dopant not in _PHASES_BESIDE


@lru_cache(maxsize=1)
def _hyphened_names() -> re.Pattern[str]:
    names = sorted((re.escape(name) for name in aliases() if "-" in name), key=len, reverse=True)
    return re.compile(rf"(?<![A-Za-z])(?:{'|'.join(names)})(?!\w)")


def guard_hyphens(plain: str, mark: str) -> str:
    """Replace the hyphens inside names (`N-MXene`, `Al-LLZO`) by a mark.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.
    mark : str
        A character that no text holds.
    """
    if "-" not in plain:
        return plain
    plain = _hyphened_names().sub(lambda match: match[0].replace("-", mark), plain)
    return _HYPHENED.sub(lambda match: match[0].replace("-", mark) if _is_doped_name(match) else match[0], plain)


_FORM_BEHIND = re.compile(r"^(?P<text>.+\))\s+(?P<words>[A-Za-z][A-Za-z -]*)$")


def take_form_behind(plain: str) -> tuple[str, list[str]]:
    """Take words of form off the end of a text that ends in brackets otherwise.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Returns
    -------
    tuple of str and list of str
        The text without them, and the words.

    Examples
    --------
    >>> take_form_behind("Li2S-P2S5 (75:25) glass"), take_form_behind("Li7P3S11 (new) sample")
    (('Li2S-P2S5 (75:25)', ['glass']), ('Li7P3S11 (new) sample', []))
    """
    match = _FORM_BEHIND.match(plain)
    remainder, form_words = take_form(match["words"]) if match else (plain, [])
    return (match["text"], form_words) if match and form_words and not remainder else (plain, [])


_REMARK = re.compile(r"^(?P<outside>.+?)\s+\((?P<inside>[^()]*)\)$")
"""A formula and a remark on it: `LiI-Li3PS4 (LPSI)`, `LLZTO (Li6.4La3Zr1.4Ta0.6O12)`, `Li10GeP2S12 (tetragonal)`."""
_WORDS_BEHIND = re.compile(r",\s*(?P<words>[a-z][a-z -]*|\d[\d.]*\s*(?:at|wt|mol|vol)\s*%[^,()]*)$")
_FORMULA = re.compile(r"[A-Za-z0-9.\[\]+·-]*\d[A-Za-z0-9.\[\]+·-]*")
_ABSENT = re.compile(r"\b(?:no|without) [\w-]+|\b[\w-]+-free\b")
_OTHER_PHASES = {"polymer", "carbon", "binder", "framework"}


def split_remark(plain: str) -> tuple[str, str]:
    """Cut a text from the remark behind it.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Returns
    -------
    tuple of str
        The text, and the remark without brackets; empty where there is none.

    Examples
    --------
    >>> split_remark("Li10GeP2S12 (tetragonal)")
    ('Li10GeP2S12', 'tetragonal')
    """
    remarks = []
    if match := _WORDS_BEHIND.search(plain):
        plain = plain[: match.start()].rstrip()
        remarks.append(match["words"])
    if match := _REMARK.match(plain):
        plain = match["outside"]
        remarks.insert(0, match["inside"])
    return plain, ", ".join(remarks)


def is_plain_formula(remark: str) -> bool:
    """Return True where a remark on a name is the formula meant by it.

    Parameters
    ----------
    remark : str
        Without brackets.
    """
    return _FORMULA.fullmatch(remark) is not None and find_alias(remark) is None


def conflict(remark: str, composition: Mapping[str, float] | None, named: bool) -> str:
    """Return why a remark is more than a remark.

    A formula (`Li3 (PO4)`) could belong to the text, and the name of another phase (`Si (graphite)`) is one more part.
    A remark on a name, or on something without a composition, changes nothing.

    Parameters
    ----------
    remark : str
        Without brackets.
    composition : mapping of str to float or None
        What the text before it was read as; None where it has none.
    named : bool
        True where that text is a known name.

    Returns
    -------
    str
        The reason; empty where the remark is only a remark.
    """
    if re.search("[%:]", remark) and not (named and composition is None):
        return f"cannot tell what the share or ratio in '({remark})' is meant of"
    if composition is None:
        return ""
    advice = "write it without the blank or as a component of its own, or leave it out"
    try:
        inside = parse(remark, {})
    except FormulaError:
        pass
    else:
        if find_alias(remark) is None and not _proportional(inside, composition):
            return f"unclear whether '({remark})' behind the blank is a part of the formula; {advice}"
    for word in [remark, *re.split(r"[\s,;/-]+", _ABSENT.sub("", remark))]:
        alias = find_alias(word)
        if alias is None:
            continue
        known = parse(alias.composition, {}) if alias.composition else {}
        if set(known) - set(composition) or alias.role in _OTHER_PHASES:
            return f"'({remark})' names {word} beside the formula; {advice}"
    return ""


def _proportional(first: Mapping[str, float], second: Mapping[str, float]) -> bool:
    """True where two compositions are one, to the 1 % that printed formulas are rounded by."""
    first_total, second_total = sum(first.values()), sum(second.values())
    return all(
        abs(first.get(symbol, 0.0) / first_total - second.get(symbol, 0.0) / second_total) < 0.01
        for symbol in {*first, *second}
    )
