"""What a descriptor that is not printed costs: error against how much of the nine descriptors is known.

    python -m benchmarks.described [--folds 3] [--repeats 1] [--seed 0] [--without PAPER ...] [--kept SHARE ...]
                                   [--write-readme]

Each descriptor of each cell is hidden by chance, all its columns at once, in training and test papers alike; the rest
stays as it is. Papers never seen, recipes chosen inside the folds; 90 % bootstrap intervals over groups of papers.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from benchmarks.results import PAGE
from features.tables.described import mean_coverage
from features.tables.descriptions import write_between_marks
from features.tables.literature import Literature
from models.tasks.examples import Examples
from models.tasks.registry import LINK, TARGETS, targets_with_an_error, task_of
from training.conductivity_link import ConductivityLink
from training.config import CHOICES, Protocol
from training.data.groups import training_rows
from training.data.load import load_literature
from training.data.withdrawn import leave_out
from training.evaluation.crossvalidate import validate
from training.evaluation.evaluate import score
from training.evaluation.learning_curve import hidden

KEPT = (1.0, 0.75, 0.5, 0.25, 0.0)
"""Share of what is stated that is left."""
LEVEL = 0.9
MARKS = ("<!-- described: written by `python -m benchmarks.described` -->", "<!-- end of described -->")


def curve(literature: Literature, target: str, shares: Sequence[float], protocol: Protocol) -> list[str]:
    """Return lines of a Markdown table: what is known, and the error on papers never seen.

    Parameters
    ----------
    literature : Literature
        All tables.
    target : str
        A target of cells.
    shares : sequence of float
        Shares of the descriptors to keep.
    protocol : Protocol
        Folds, repeats and seed.
    """
    rows, task = training_rows(literature), task_of(target)
    link = ConductivityLink(rows[LINK][0], CHOICES[LINK], protocol.seed)
    examples, kin = rows[task.name]
    lines = []
    for share in shares:
        partial = Examples(hidden(examples.designs, share, protocol.seed), examples.labels)
        out_of_fold = validate(task.name, partial, kin, CHOICES[task.name], protocol, link=link)
        skill = score(TARGETS[target], out_of_fold, LEVEL, protocol.seed)
        known = 100 * mean_coverage(partial.designs.to_dict("records"))
        lines.append(
            f"| {TARGETS[target].label} | {100 * share:.0f} % | {known:.0f} % | {skill.rows} ({skill.papers}) | "
            f"{skill.skill:.2f} ({skill.skill_low:.2f} to {skill.skill_high:.2f}) | {skill.verdict} |"
        )
    return lines


def main() -> None:
    """Print the table; write it into the README where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without", nargs="+", default=[], metavar="PAPER", help="what remains without these papers")
    parser.add_argument("--kept", nargs="+", type=float, default=KEPT, metavar="SHARE", help="of what is stated")
    parser.add_argument("--write-readme", action="store_true")
    arguments = parser.parse_args()
    literature = leave_out(load_literature(), arguments.without)
    protocol = Protocol(folds=arguments.folds, repeats=arguments.repeats, seed=arguments.seed)
    lines = [
        "| target | of the nine kept | nine known | rows (groups) | error over the dummy's (90 %) | verdict |",
        "|---|---|---|---|---|---|",
    ]
    for target in targets_with_an_error():
        if task_of(target).of_cells:
            lines += curve(literature, target, arguments.kept, protocol)
    print("\n".join(lines))
    if arguments.write_readme:
        write_between_marks(PAGE, *MARKS, "\n".join(lines))


if __name__ == "__main__":
    main()
