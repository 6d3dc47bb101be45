"""Installs everything that MiniStack lacks, one module per AWS service.

Each addition enters a table of handlers that MiniStack already has, or replaces one of its functions by name.
A name that another version of MiniStack no longer has fails here, at start, not in a test much later.
"""

from emulator import clusters, compute, databases, functions, metrics, objects, quotas, scaling, schedules, shortages

MODULES = (clusters, compute, databases, scaling, shortages, schedules, functions, metrics, objects, quotas)


def install():
    """Applies the additions. Call once, after MiniStack was imported and before it serves."""
    for module in MODULES:
        module.install()
