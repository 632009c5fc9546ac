from __future__ import annotations

from features.tables.literature import Literature
from models.tasks.conductivity import conductivity_examples
from models.tasks.fade import fade_examples
from models.tasks.ice import ice_examples
from training.tuning.search_space import LEAST_ROWS, parts_to_tune, rows_of


def test_few_rows_are_left_alone_unless_asked_for() -> None:
    rows = {"conductivity": LEAST_ROWS, "ice": LEAST_ROWS - 1, "fade": 31}
    noise = "tuning on fewer than 200 rows mostly fits noise"
    assert parts_to_tune(rows, anyway=False) == (
        ("conductivity",),
        [
            f"ice: 199 rows; {noise}: left to the given recipes (--tune-anyway tunes it too)",
            f"fade: 31 rows; {noise}: left to the given recipes (--tune-anyway tunes it too)",
        ],
    )
    assert parts_to_tune(rows, anyway=True) == (
        ("conductivity", "ice", "fade"),
        [f"ice: 199 rows; {noise}", f"fade: 31 rows; {noise}"],
    )


def test_rows_are_counted_as_trained_on(literature: Literature) -> None:
    assert rows_of(literature) == {
        "conductivity": len(conductivity_examples(literature).designs),
        "ice": len(ice_examples(literature).designs),
        "fade": len(fade_examples(literature).designs),
    }
