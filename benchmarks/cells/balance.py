"""The balance of the first cycle moved by measured cells, as a learner of ICE is judged beside others.

The priors of its terms are the reviews' constants (`models.explain.lithium_balance`); what the cells of one paper
share is an effect of that paper (partial pooling), unknown for a new one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.explain.lithium_balance import TERMS, UNSURE_POINTS

RATIOS = (0.0, 0.25, 1.0, 4.0)
"""Variances of a paper's effect over the noise's, among which the likelihood chooses."""


@dataclass(frozen=True)
class Balance:
    """Terms as they are believed: means in points, shape (n_terms,), and their covariance.

    >>> prior = Balance.prior()
    >>> prior.loss(np.array([[1, 0, 0, 0, 1, 0, 0]])).round(1).tolist()
    [-15.8]
    """

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def prior(cls, without: frozenset[str] = frozenset()) -> Balance:
        """Return the balance as the reviews' constants alone tell it.

        Parameters
        ----------
        without : frozenset of str
            Rules that must not be used, as they come from a paper held out: their terms are then centred on nothing and
            twice as unsure.
        """
        usable = [not without.intersection(term.rules) for term in TERMS]
        mean = np.array([term.prior if known else 0.0 for term, known in zip(TERMS, usable, strict=True)])
        wide = np.where(usable, UNSURE_POINTS, 2 * UNSURE_POINTS)
        return cls(mean, np.diag(wide**2))

    def loss(self, terms: np.ndarray) -> np.ndarray:
        """Return the first-cycle loss in points of the first charge, shape (n_cells,).

        Parameters
        ----------
        terms : ndarray, shape (n_cells, n_terms)
            As `amounts` gives them.
        """
        return np.asarray(terms @ self.mean)

    def moved(self, terms: np.ndarray, loss: np.ndarray, papers: np.ndarray) -> Balance:
        """Return the balance moved by measured cells; cells of one paper share an unknown effect of it.

        Parameters
        ----------
        terms : ndarray, shape (n_cells, n_terms)
            As `amounts` gives them.
        loss : ndarray, shape (n_cells,)
            Measured, in points.
        papers : ndarray of str, shape (n_cells,)
            Paper of each cell.

        Examples
        --------
        One cell, measured 20 points from the prior, moves it part of the way:

        >>> one = np.eye(1, 7)
        >>> float(Balance.prior().moved(one, np.array([30.0]), np.array(["a"])).mean[0]) > 10.0
        True
        """
        alike = (papers[:, None] == papers[None, :]).astype(float)
        pull, best = loss - self.loss(terms), None
        reach = terms @ self.covariance @ terms.T
        for noise in (4.0, 8.0, 12.0, 16.0):
            for ratio in RATIOS:
                spread = noise**2 * (np.eye(len(loss)) + ratio * alike)
                total = reach + spread
                solved = np.linalg.solve(total, pull)
                likelihood = -0.5 * (pull @ solved + np.linalg.slogdet(total)[1])
                if best is None or likelihood > best[0]:
                    best = likelihood, total, solved
        if best is None:
            return self
        gain = self.covariance @ terms.T
        return Balance(self.mean + gain @ best[2], self.covariance - gain @ np.linalg.solve(best[1], gain.T))
