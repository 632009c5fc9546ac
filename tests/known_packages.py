"""Let MLflow look once which package brings which module, which takes a second: who is forked afterwards knows."""

from mlflow.utils.requirements_utils import _init_packages_to_modules_map

_init_packages_to_modules_map()
