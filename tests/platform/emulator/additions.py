"""Installs everything that MiniStack lacks, one module per AWS service.

Each addition enters a table of handlers that MiniStack already has, or replaces one of its functions by name.
A name that another version of MiniStack no longer has fails here, at start, not in a test much later.
"""

from emulator import (alarms, aurora, backups, clusters, compute, databases, functions, guardduty, images, insights,
                      invocations, metrics, nodegroups, objects, protection, quotas, resources, scaling, schedules, securityhub,
                      shortages, simulation, snapshots, terminations, topics)

MODULES = (clusters, nodegroups, insights, compute, images, databases, aurora, snapshots, backups, scaling, shortages,
           terminations, protection, schedules, invocations, functions, metrics, alarms, objects, quotas, guardduty,
           securityhub, simulation, resources, topics)


def install():
    """Applies the additions. Call once, after MiniStack was imported and before it serves."""
    for module in MODULES:
        module.install()
