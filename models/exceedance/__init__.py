"""Former place of `models.tasks.exceedance`: models that were logged before it moved import it from here."""

from models.tasks.exceedance import parse_limits

__all__ = ["parse_limits"]
