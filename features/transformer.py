"""The methods scikit-learn asks of a transformer, without scikit-learn: its import takes longer than ten designs.

It asks for methods, not for a base class (its developer guide: duck typing is supported); what it names itself is
imported when it asks.
"""

from __future__ import annotations

from functools import cache
from inspect import signature
from typing import Any, Self


class Transformer:
    """Base of what pipelines, `clone` and searches of scikit-learn take for a transformer.

    A subclass has `fit` and `transform`; its `__init__` stores every argument under its own name.

    Examples
    --------
    >>> from sklearn.base import clone
    >>> class Times(Transformer):
    ...     def __init__(self, factor=2):
    ...         self.factor = factor
    >>> clone(Times(factor=3))
    Times(factor=3)
    """

    @classmethod
    @cache
    def _names(cls) -> list[str]:
        return [] if cls.__init__ is object.__init__ else [*signature(cls).parameters]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of `__init__` by name.

        Parameters
        ----------
        deep : bool
            Ignored, as none of them is an estimator.
        """
        return {name: getattr(self, name) for name in sorted(self._names())}

    def set_params(self, **parameters: Any) -> Self:
        """Change arguments of `__init__`.

        Parameters
        ----------
        parameters : object
            Parameters to set, by name.

        Raises
        ------
        ValueError
            There is none of that name.
        """
        for name, value in parameters.items():
            if name not in self._names():
                raise ValueError(
                    f"{type(self).__name__} has no parameter {name!r}, expected {', '.join(self._names())}"
                )
            setattr(self, name, value)
        return self

    def fit_transform(self, X: Any, y: object = None, **others: Any) -> Any:
        """Fit, then transform the same.

        Parameters
        ----------
        X, y, others : object
            As `fit` takes them.
        """
        return self.fit(X, y, **others).transform(X)  # type: ignore[attr-defined]

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose what `transform` returns.

        Parameters
        ----------
        transform : str or None
            `pandas`, `default` or None: a DataFrame comes out in any case.

        Raises
        ------
        ValueError
            Another container.
        """
        if transform not in (None, "default", "pandas"):
            raise ValueError(f"{type(self).__name__} returns a pandas DataFrame, got transform={transform!r}")
        return self

    def _check_fitted(self) -> None:
        if not hasattr(self, "features_"):
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(f"this {type(self).__name__} is not fitted yet; call fit first")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None, target_tags=TargetTags(required=False), transformer_tags=TransformerTags()
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.get_params().items())})"
