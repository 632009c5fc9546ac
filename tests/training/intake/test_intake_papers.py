"""Which paper a row is of: one the sources know by id, label, citation or DOI, or a new source."""

import pytest

from features.tables.mistakes import Mistake
from features.tables.records import Provenance, SourceRow
from training.intake.papers import Papers

KNOWN = {
    "aono1992": SourceRow(
        source_id="aono1992", citation="H. Aono, Solid State Ionics", doi="10.1000/aono", told_by="x"
    ),
    "chen2015": SourceRow(source_id="chen2015", citation="C. Chen, J. Power Sources", told_by="x"),
}


def papers(own=()):
    return Papers(KNOWN, frozenset(own), "user: new.csv")


def row(**given):
    return Provenance(**given)


def test_known_by_doi_label_and_citation():
    known = papers()
    told = [
        row(doi="https://doi.org/10.1000/AONO"),
        row(source_id="10.1000/aono"),
        row(source_id="aono1992"),
        row(source_id="Aono 1992"),
        row(source_id="H. Aono,  solid state ionics"),
        row(source_id="aono1992", doi="10.1000/aono"),
    ]
    assert {known.paper_of(each, 2, "new.csv") for each in told} == {"aono1992"}
    assert not known.added
    assert "source Aono 1992 is aono1992 of the sources" in known.remarks


@pytest.mark.parametrize(
    "text", ["doi:10.1000/ABC", "DOI 10.1000/abc.", "https://www.doi.org/10.1000/abc", "doi.org/10.1000/abc"]
)
def test_dois_as_people_paste_them(run, write, text):
    done = run("add", write(f"electrolyte,sigma (mS/cm),T (°C),doi\nLi6PS5Cl,2.3,25,{text}\n"))
    assert "new or completed sources:\n  10.1000/abc\n" in done.out


def test_new_ones():
    known = papers()
    assert known.paper_of(row(doi="10.1000/new"), 2, "new.csv") == "10.1000/new"
    assert known.paper_of(row(source_id="lab"), 3, "new.csv") == "lab"
    assert {name: (each.citation, each.doi) for name, each in known.added.items()} == {
        "10.1000/new": ("10.1000/new", "10.1000/new"),
        "lab": ("label lab", None),  # a citation has five letters or more
    }
    assert {each.told_by for each in known.added.values()} == {"user: new.csv"}


def test_a_label_and_its_doi_are_one_paper_wherever_they_stand():
    known = papers()
    told = [row(source_id="smith"), row(doi="10.1000/new"), row(source_id="smith", doi="10.1000/new")]
    known.learn(told)
    assert {known.paper_of(each, 2, "new.csv") for each in told} == {"smith"}
    assert (len(known.added), known.added["smith"].doi) == (1, "10.1000/new")


def test_an_own_source_gets_its_doi_and_a_shipped_one_does_not():
    own = papers(own=["chen2015"])
    assert own.paper_of(row(source_id="chen2015", doi="10.1000/chen"), 2, "new.csv") == "chen2015"
    assert own.changed["chen2015"].doi == "10.1000/chen"
    shipped = papers()
    assert shipped.paper_of(row(source_id="chen2015", doi="10.1000/chen"), 2, "new.csv") == "chen2015"
    assert not shipped.changed
    assert "the shipped source chen2015 has no DOI" in shipped.remarks[0]


def refused(**given):
    found = papers().paper_of(row(**given), 4, "new.csv")
    assert isinstance(found, Mistake)
    return str(found)


def test_refused():
    assert "got '10.1/x', expected a DOI such as 10.1000/182, or your lab's own label" in refused(source_id="10.1/x")
    assert "expected aono1992, the paper of the DOI 10.1000/aono" in refused(source_id="chen2015", doi="10.1000/aono")
    assert "expected that of aono1992 in the sources, 10.1000/aono" in refused(source_id="aono1992", doi="10.1000/x")
    assert "expected the DOI of source_id, 10.1000/a" in refused(source_id="10.1000/a", doi="10.1000/b")
    assert "expected one paper: '|' parts several" in refused(source_id="a|b")


def test_one_label_with_two_dois():
    known = papers()
    known.learn([row(source_id="smith", doi="10.1000/a"), row(source_id="smith", doi="10.1000/b")])
    assert isinstance(known.paper_of(row(source_id="smith", doi="10.1000/b"), 3, "new.csv"), Mistake)
