"""The search for recipes beyond the given ones: `silion train --tune`."""
