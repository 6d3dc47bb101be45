"""Installs everything that MiniStack lacks, one module per AWS service.

Each addition enters a table of handlers that MiniStack already has, or replaces one of its functions by name.
A name that another version of MiniStack no longer has fails here, at start, not in a test much later.
"""

from emulator import (alarms, aurora, clusters, compute, databases, functions, invocations, metrics, nodegroups, objects,
                      quotas, resources, scaling, schedules, shortages, terminations)

MODULES = (clusters, nodegroups, compute, databases, aurora, scaling, shortages, terminations, schedules, invocations,
           functions, metrics, alarms, objects, quotas, resources)


def install():
    """Applies the additions. Call once, after MiniStack was imported and before it serves."""
    for module in MODULES:
        module.install()
