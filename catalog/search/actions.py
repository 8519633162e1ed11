"""What others ask of search: to follow what happens to models."""

from catalog.search.work import follow, index_everything, index_models

# Which events change the words of a model. Its standing, its tier and who may see it are read fresh by every search.
FOLLOWED = ("model.registered", "model.changed", "card.saved")
__all__ = ["FOLLOWED", "follow", "index_everything", "index_models"]
