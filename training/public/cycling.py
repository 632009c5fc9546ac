"""The public cycling sets as one source: which files, their sums, licences and what to cite."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from training.public.sources import PublicDataError, PublicSource, pull_source, pulled_source

SUMS = {
    "cells.csv": "7fffcdca9383891db9cf9491fd2fb1c62a330975985d7d5cf1fd2b7abd4388a9",
    "kept_out.csv": "977002e02fda9f949d1d954569e51baa5c36bde5a6ba81cf4e095f871ebc54f8",
    "pinn4soh.csv.gz": "dd0b60a004a2a97530e03f4b1928ac5f87d9c4ca7c7884ea9214c9418c2e9d9e",
    "sunwoda_sio.csv.gz": "fe4b7fcd0d962207acc3e6be54203686d82a78b01d5321ff9273d8c4800c0a6b",
    "matr.csv.gz": "d7c2b13b9bbf0d3c3559c47d0a426a9d5056538508bd60287df5903ade3209f0",
    "geslin_siox_checkups.csv.gz": "796e9a05bbc0ea3652dc8d9ece8933b9cfb922bcab6b571316cb23f2b94aa3e7",
    "geslin_soh90.csv": "6197fefb103db7df3959f8c66e43cfe3488df51b4224cb0ea2b1304b9cc0235c",
    "geslin_protocol_features.csv": "0f9041f46f0330b1ff28285367910025e55f8fbca7495f4d7ae309a83ed5850c",
    "cui_formation_checkups.csv.gz": "232ad093923c1d667c1922aff0f5f4a523a1d4c311cba0bfc71188e74e9fa8e5",
    "small_sets.csv.gz": "90d18f25cc68dd781b3ea0695b9e665f1614b4749ef180dc8dcb2353c2ac4ad8",
    "matr_first100_capacity.csv.gz": "cfbd58de0bfdc51165c990a4a5e03903187c734fe34a53e87ac963abfa8afda5",
    "matr_lives_and_dqv.csv": "d8282f207e6a99b572ee74c75cbf539abc2e52eeb2cce9d3bdcdad2961181d08",
    "matr_dq100_10_curves.npz": "f79170ece79aeb71b56b2fc86468e004aeed1c971af8891f11b3f72ed7caa216",
}
"""SHA-256 of the collected tables, whose README names the carrier and the commit of each."""
CYCLING = PublicSource(
    name="cycling",
    title="Cycles and capacity of 683 cells, 245 of them with silicon in the anode",
    licence="CC BY 4.0 as the publishers of the data state it (MATR, XJTU, TJU, HUST, GESLIN, CUI); SUNWODA: MIT by "
    "its carrier; NASA, CALCE, HKUST: not stated",
    citation="Tao et al., Energy Environ. Sci. 2025 (SUNWODA); Zhu et al., Nature Communications 2022 (TJU, Zenodo "
    "6405084); Geslin et al., Nature Energy 2025 (purl.stanford.edu/td676xr4322); XJTU (Zenodo 10963339); HUST "
    "(Mendeley nsc7hnsg4s); Severson et al. 2019 (data.matr.io/1); Cui et al., Joule 2024 (data.matr.io/8); NASA PCoE; "
    "CALCE CS2",
    url_base="",
    files={name: (name, total) for name, total in SUMS.items()},
)


def pull_cycling(from_dir: str | Path | None = None) -> Path:
    """Put the cycling sets into the cache.

    Parameters
    ----------
    from_dir : path, optional
        Folder with the collected tables, or one that holds them in a folder `cycling`.

    Raises
    ------
    PublicDataError
        No folder was given: the carriers keep these cells in hundreds of files, which are not fetched one by one.
    HashMismatch
        A file has another content.
    """
    if from_dir is None:
        raise PublicDataError(
            "cycling: the carriers keep these cells in hundreds of files; give the folder of the collected tables: "
            "silion data pull cycling --from DIR"
        )
    return pull_source(CYCLING, from_dir)


def pulled_cycling() -> Path:
    """Return the folder of the pulled sets.

    Raises
    ------
    PublicDataError
        They were not pulled.
    """
    return pulled_source(CYCLING)


def cycling_summary(data_sets: list[str]) -> str:
    """Return licence, citation and counts.

    Parameters
    ----------
    data_sets : list of str
        Data set of each cell.
    """
    counts = ", ".join(f"{name} {count}" for name, count in Counter(data_sets).items())
    return "\n".join(
        [f"{CYCLING.name}: {CYCLING.title}", f"  licence: {CYCLING.licence}", f"  cite: {CYCLING.citation}",
         f"  {len(data_sets)} cells: {counts}"]
    )  # fmt: skip
