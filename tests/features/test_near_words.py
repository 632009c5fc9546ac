from __future__ import annotations

from difflib import get_close_matches

from hypothesis import example, given
from hypothesis import strategies as st

from features.formulas.aliases import electrolytes
from features.near_words import near_words

words = st.text("LiPSClOZab01 -", max_size=25)


@given(word=words, known=st.lists(words, max_size=12, unique=True), cutoff=st.sampled_from([0.0, 0.4, 0.5, 0.85]))
@example(word="", known=["", "Li"], cutoff=0.5)
def test_the_same_words_in_the_same_order_as_difflib(word: str, known: list[str], cutoff: float) -> None:
    assert near_words(word, tuple(known), 3, cutoff) == get_close_matches(word, known, 3, cutoff)


def test_names_of_electrolytes() -> None:
    for word in ("LPSCI", "sample-17", "LZTO", "my best one"):
        assert near_words(word, electrolytes(), 3, 0.4) == get_close_matches(word, electrolytes(), 3, 0.4)
