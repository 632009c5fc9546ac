"""The paper of a new row: one of the sources, by id, label or DOI, or a new source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from features.tables.literature import papers_of
from features.tables.mistakes import Mistake
from features.tables.records import Provenance, SourceRow
from features.tables.rows import closest
from training.data.integrity import folded

DOI_FORM = re.compile(r"10\.\d{4,9}/\S+")
EXPECTED_DOI = "a DOI such as 10.1000/182"
SHORTEST_CITATION = 5


@dataclass
class Papers:
    """Known and new papers.

    Attributes
    ----------
    known : mapping of str to SourceRow
        Shipped sources and those of the user's folder, by id.
    own : frozenset of str
        Ids of those in the user's folder.
    told_by : str
        Origin that a new source states.
    added : dict of str to SourceRow
        New sources, by id.
    changed : dict of str to SourceRow
        Sources of the user's folder that got a DOI, by id.
    remarks : list of str
        Remarks that refuse nothing.
    """

    known: Mapping[str, SourceRow]
    own: frozenset[str]
    told_by: str
    added: dict[str, SourceRow] = field(default_factory=dict)
    changed: dict[str, SourceRow] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_doi = {source.doi: identity for identity, source in self.known.items() if source.doi}
        self._by_label: dict[str, str] = {}
        for identity, source in self.known.items():
            self._by_label.setdefault(folded(source.citation), identity)
            self._by_label[folded(identity)] = identity
        self._dois: dict[str, str] = {}

    def learn(self, rows: Sequence[Provenance]) -> None:
        """Note which label and which DOI stand in one row: rows that give only one of them are of the same paper.

        Parameters
        ----------
        rows : sequence of Provenance
            All rows of a file, before `paper_of` is called.
        """
        for row in rows:
            label, doi = _label(row), _doi(row)
            if label and doi and not _several_dois(row):
                self._dois.setdefault(label, doi)

    def paper_of(self, row: Provenance, line: int, file: str) -> str | Mistake:
        """Return the id of a row's paper; a paper nobody knows becomes a new source.

        Parameters
        ----------
        row : Provenance
            With the label or the DOI of its paper.
        line : int
            Of the file, for the mistake.
        file : str
            Its name, for the mistake.

        Returns
        -------
        str or Mistake
            Several papers parted by '|' where the row names several DOIs. A mistake where label and DOI are of two
            papers, or one of them cannot be used.
        """
        if several := _several_dois(row):
            return self._papers_of(row, several, line, file)
        label, doi = _label(row), _doi(row)
        if row.source_id and row.source_id.startswith("10.") and not DOI_FORM.fullmatch(row.source_id):
            return Mistake(line, "source_id", repr(row.source_id), f"{EXPECTED_DOI}, or your lab's own label", file)
        if row.source_id and row.doi and not label and row.source_id != row.doi:
            return Mistake(line, "doi", repr(row.doi), f"the DOI of source_id, {row.source_id}", file)
        if label and "|" in label:
            return Mistake(line, "source_id", repr(label), "one paper: '|' parts several", file)
        doi = doi or self._dois.get(label or "")
        label = label or next((name for name, label_doi in self._dois.items() if label_doi == doi), None)
        if doi and label and self._dois.get(label, doi) != doi:
            return Mistake(line, "doi", repr(doi), f"that of {label} in the other rows, {self._dois[label]}", file)
        by_doi, by_label = self._by_doi.get(doi or ""), self._by_label.get(folded(label or ""))
        if by_doi and by_label and by_doi != by_label:
            return Mistake(line, "source_id", repr(label), f"{by_doi}, the paper of the DOI {doi}", file)
        if by_label and doi and not by_doi:
            return self._with_doi(by_label, doi, line, file)
        known = by_doi or by_label
        if known is None:
            return self._new(label, doi)
        if label and label != known:
            self._note(f"source {label} is {known} of the sources")
        return known

    def _papers_of(self, row: Provenance, dois: Sequence[str], line: int, file: str) -> str | Mistake:
        """Return the ids of the papers of one measurement, parted by '|'; each is a source of its own."""
        if wrong := [doi for doi in dois if not DOI_FORM.fullmatch(doi)]:
            return Mistake(line, "doi", repr(wrong[0]), f"{EXPECTED_DOI}, several parted by '|'", file)
        if label := _label(row):
            return Mistake(line, "doi", repr("|".join(dois)), f"the one DOI of {label}, or no label", file)
        return "|".join(dict.fromkeys(self._by_doi.get(doi) or self._new(None, doi) for doi in dois))

    def _with_doi(self, identity: str, doi: str, line: int, file: str) -> str | Mistake:
        """Give a known paper a DOI the sources do not have; return its id."""
        source = self.added.get(identity) or self.changed.get(identity) or self.known[identity]
        if source.doi and source.doi != doi:
            return Mistake(line, "doi", repr(doi), f"that of {identity} in the sources, {source.doi}", file)
        if identity in self.added or identity in self.own:
            changed = source.model_copy(update={"doi": doi})
            (self.added if identity in self.added else self.changed)[identity] = changed
            self._by_doi[doi] = identity
        else:
            self._note(
                f"the shipped source {identity} has no DOI: name it by {identity} in other rows too, not by {doi}"
            )
        return identity

    def _new(self, label: str | None, doi: str | None) -> str:
        identity = label or doi or ""
        citation = doi or identity
        if len(citation) < SHORTEST_CITATION:
            citation = f"label {citation}"
        self.added[identity] = SourceRow(source_id=identity, citation=citation, doi=doi, told_by=self.told_by)
        self._by_label[folded(identity)] = identity
        if doi:
            self._by_doi[doi] = identity
        if label and not doi:
            near = closest(label, self.known, 1)
            self._note(f"new source {label}{near.replace('; closest', '; if it is a known one, write')}")
        return identity

    def _note(self, remark: str) -> None:
        if remark not in self.remarks:
            self.remarks.append(remark)


def _several_dois(row: Provenance) -> list[str]:
    """DOIs of a row that names more than one paper, else none."""
    named = row.doi or (row.source_id if (row.source_id or "").startswith("10.") else None) or ""
    dois = papers_of(named)
    return dois if len(dois) > 1 else []


def _label(row: Provenance) -> str | None:
    return None if row.source_id and row.source_id.startswith("10.") else row.source_id


def _doi(row: Provenance) -> str | None:
    return row.doi or (None if _label(row) else row.source_id)
