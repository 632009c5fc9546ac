"""Years of papers: the source's first, else what the DOI shows; the latest of several."""

from __future__ import annotations

import numpy as np
import pytest

from features.tables.literature import Literature
from features.tables.records import SourceRow
from models.tasks.conductivity import year_of_doi, years_of


@pytest.mark.parametrize(
    ("doi", "year"),
    [
        ("10.1016/j.ssi.2013.04.002", 2013),
        ("10.1021/acs.chemmater.6b02163", 2016),
        ("10.1021/acs.chemmater.1C00555", 2021),
        ("10.1039/c3ee41655k", 2013),
        ("10.1039/d0ta02805c", 2020),
        ("10.1039/b618021g", 2006),
        ("10.1002/adfm.201603868", 2016),
        ("10.1007/s11581-015-1556-2", None),
        ("10.1016/0167-2738(81)90020-5", None),
        ("my notebook", None),
    ],
)
def test_publishers_write_years_their_own_way(doi: str, year: int | None) -> None:
    assert year_of_doi(doi) == year


def test_sources_know_better_and_the_latest_counts() -> None:
    source = SourceRow(source_id="kim2019", citation="Kim et al.", year=2019, told_by="zhan:1")
    by_doi = SourceRow(source_id="lee", citation="Lee et al.", doi="10.1039/d0ta02805c", told_by="zhan:2")
    literature = Literature(sources={"kim2019": source, "lee": by_doi})
    found = years_of(["kim2019", "lee", "kim2019 | 10.1039/c3ee41655k", "my notebook", "kim2019 | lee"], literature)
    assert found[[0, 1, 2, 4]].tolist() == [2019, 2020, 2019, 2020]
    assert np.isnan(found[3])
