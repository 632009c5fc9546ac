"""Formulas as the literature writes them, read into compositions.

The grammar, from the whole text down to a number; `reader.read_formula` follows it in this order. What does not fit is
refused with a `FormulaError`, never guessed.

========================  ===================================================  ================================
piece of text             written as                                           examples
========================  ===================================================  ================================
name                      a row of `aliases.csv`                               `LLZTO`, `LPSCl`, `PEO`
layers                    pieces between `|`, or `/` beside a word of layers   `Li6PS5Cl|Li3InCl6`
ether ratio               `EO:Li = n:1`, in brackets or not                    `PEO-LiTFSI (EO:Li = 18:1)`
ratio of components       numbers between colons in brackets, and their basis  `Si/C (3:1 by weight)`
remark                    brackets behind a blank, or words behind a comma     `Li10GeP2S12 (tetragonal)`
word of form              state, size or architecture, no phase                `glassy Li3PS4`, `porous Si`
dopant                    `X-doped base`, `base doped with X`, `X-name`        `Al-doped LLZO`, `Fe-LiPON`
coating                   `core@shell`, `core coated with shell`               `Si@C`
phases                    pieces between `/`, `+` or `with`                    `PEO/LiTFSI + 10 wt% LLZTO`
share                     number, `wt`, `vol` or `mol`, `%`, phase             `10 wt% LLZTO`
components by mole        pieces between `-` or `·`, with moles in front       `75Li2S-25P2S5`, `(100-x)Li2S`
formula                   groups, each with an amount behind it or none        `Li1.3Al0.3Ti1.7(PO4)3`
group                     a symbol, or a formula in `()`, `[]` or `{}`         `Li`, `(PO4)`
amount                    number, fraction, multiple of x, y, z, or a sum      `0.5`, `1/3`, `2x`, `7-x`
variables                 `(x=0.4)` anywhere in the text                       `Li7-xLa3Zr2-xTaxO12 (x=0.4)`
========================  ===================================================  ================================

Sub- and superscripts, dashes, middle dots, quotes and charges (`PS4^3-`) are folded first (`normalise`), and so are
LaTeX, HTML, blanks of PDF tables, `50LiI:50Li3PS4` and `Li2S:P2S5 = 7:3` (`spelling`). What can be read and is hardly
meant (`Li6PS5CI`) is asked about by those who take it (`misprints`).

>>> from features.formulas.reader import FormulaError, read_formula
>>> read_formula("Li1.3Al0.3Ti1.7(PO4)3").composition
{'Li': 1.3, 'Al': 0.3, 'Ti': 1.7, 'P': 3.0, 'O': 12.0}
>>> read_formula("Li₇₋ₓLa₃Zr₂₋ₓTaₓO₁₂ (x=0.4)").composition
{'Li': 6.6, 'La': 3.0, 'Zr': 1.6, 'Ta': 0.4, 'O': 12.0}
>>> [(part["role"], part["text"]) for part in read_formula("Li6PS5Cl|Li3InCl6").parts]
[('layer', 'Li6PS5Cl'), ('layer', 'Li3InCl6')]
>>> [part.get("share_pct") for part in read_formula("PEO/LiTFSI + 10 wt% LLZTO").parts]
[None, None, 10.0]
>>> reading = read_formula("porous Si (MPSS)")
>>> reading.composition, reading.form
({'Si': 1.0}, 'porous')
>>> read_formula("Al-doped LLZO").composition is None
True
>>> read_formula("Li6PS5Cll")
Traceback (most recent call last):
    ...
features.formulas.stoichiometry.FormulaError: Li6PS5Cll: cannot read 'l'; closest known names: LiPSCl, LPSCl, LSPSCl
"""
