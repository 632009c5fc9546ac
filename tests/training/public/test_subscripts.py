from __future__ import annotations

import pytest

from training.public.subscripts import Scattered, restore


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        # nothing to move: blanks are closed, dashes plain, the line break gone
        (["Li7La3Zr2O12"], "Li7La3Zr2O12"),
        (["Na 3.5 Si 0.5 P 0.5 O 4"], "Na3.5Si0.5P0.5O4"),
        (["Li3PS4 – 5 wt% SiO2"], "Li3PS4-5 wt% SiO2"),
        (["Li3PS4 – 5 wt%", "SiO2"], "Li3PS4-5 wt% SiO2"),
        (["Li6.4La3Zr1.4Ta0.6O1", "2"], "Li6.4La3Zr1.4Ta0.6O12"),
        (["Li0.3La0.5Ti0.", "99O3"], "Li0.3La0.5Ti0.99O3"),
        (["0.3 Li2S * 0.7 SiS2"], "0.3Li2S*0.7SiS2"),
        # one blank per number taken out; the last gap is right before the numbers
        (["Li La Ta O 5 3 2 12"], "Li5La3Ta2O12"),
        (["Li 6.5 La Zr 3 1.5 Ta0.5O12"], "Li6.5La3Zr1.5Ta0.5O12"),
        (["Li P(S6 4.5Se0.5)Br"], "Li6P(S4.5Se0.5)Br"),
        (["Li (OH) 2 0.8 F0.2Cl"], "Li2(OH)0.8F0.2Cl"),
        (["LiZr (PO )  2 4 3"], "LiZr2(PO4)3"),
        # the blank before * or at the end may be a gap or not: Li2S and SiS2 are neutral, LiS2 (+1-4) is not
        (["0.5 Li S * 0.5 SiS  2 2"], "0.5Li2S*0.5SiS2"),
        # the glued 2 of B2S3 was taken out as well: Li S would be left without one
        (["0.4B S -0.6Li2 3 2S"], "0.4B2S3-0.6Li2S"),
        # the 5 stays, the 2 behind it goes to Li: Li5O (+3) is not neutral
        (["0.7Li O-0.3P2S5 2"], "0.7Li2O-0.3P2S5"),
        # -0.4 counts what begins on the next line, 2 belongs to SiS
        (["0.2 LiI-0.4 SiS -0.4 2", "Li2S"], "0.2LiI-0.4SiS2-0.4Li2S"),
        # -2 before a line that begins with its own amount is a subscript
        (["0.8(0.6Li2S-0.4SiS )-2", "0.2Li3PO4"], "0.8(0.6Li2S-0.4SiS2)-0.2Li3PO4"),
        (["Li PS  – 30 wt% 3 4", "Al2O3"], "Li3PS4-30 wt% Al2O3"),
        # amounts behind the brackets, or before them without a dash, are written before them
        (["(2Li S-P S ) 2 2 5 0.6 (LiI) 0.4"], "0.6(2Li2S-P2S5)-0.4(LiI)"),
        (["0.4(Li S) 0.6(GeS ) 2 2"], "0.4(Li2S)-0.6(GeS2)"),
        # tellurium has no state in features/formulas/charge.py, but there is one way only
        (["Li TeO  2 4"], "Li2TeO4"),
    ],
)
def test_restored(pieces: list[str], whole: str) -> None:
    assert restore(pieces) == whole


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        # 6 + 0.6 x 5 + 0.4 x 4 - 10 - 1 = -0.4, and S without 5 leaves +7.6 or more
        (["Li P 6 0.6 Ge 0.4 S I 5"], "no order of them gives a neutral formula"),
        # two gaps must be filled, one number is there
        (["Li La Zr O 7"], "do not fit the gaps they left"),
        # promethium has no state in features/formulas/charge.py: both orders could be
        (["Li 6 La Ta3 1.5Pm0.5O12"], "fit in 2 ways, such as Li6La1.5Ta3Pm0.5O12 or Li6La3Ta1.5Pm0.5O12"),
        (["Li Q 3 4"], "no order of them gives a neutral formula"),
    ],
)
def test_refused(pieces: list[str], reason: str) -> None:
    with pytest.raises(Scattered, match=reason):
        restore(pieces)


def test_a_line_that_fits_in_very_many_ways_is_given_up() -> None:
    with pytest.raises(Scattered, match="fit in too many ways"):
        restore(["Li - " * 40 + "1 " * 20])
