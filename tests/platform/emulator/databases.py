"""RDS: the default parameter groups, which MiniStack names in answers but does not have.

Their `max_connections` of Aurora PostgreSQL is a formula over the instance's memory, so a reader that takes the
value for a number is found out here as it would be on AWS.
"""

import re

from emulator import replace

# Aurora PostgreSQL user guide, "Maximum connections to an Aurora PostgreSQL DB instance".
AURORA_POSTGRESQL_CONNECTIONS = "LEAST({DBInstanceClassMemory/9531392},5000)"


def install():
    from ministack.services import rds

    table = rds._ACTION_MAP
    replace.function(rds, "_default_parameters_for_family", _with_formula)
    replace.action(table, "CreateDBCluster", _with_versioned_group)
    for action, group, create in (
        ("DescribeDBParameters", "DBParameterGroupName", rds._create_param_group),
        ("DescribeDBClusterParameters", "DBClusterParameterGroupName", rds._create_db_cluster_param_group),
    ):
        replace.action(table, action, lambda describe, group=group, create=create: _with_defaults(describe, group, create))


def _with_formula(defaults):
    def parameters(family):
        listed = defaults(family)
        if family.startswith("aurora-postgresql"):
            for parameter in listed:
                if parameter["name"] == "max_connections":
                    parameter["default"] = AURORA_POSTGRESQL_CONNECTIONS
        return listed

    return parameters


def _with_versioned_group(create):
    """The default group of a cluster carries the major version: `default.aurora-postgresql17`."""

    def create_cluster(params):
        from ministack.services import rds

        answer = create(params)
        for cluster in rds._clusters.values():
            if cluster["DBClusterParameterGroup"] == f"default.{cluster['Engine']}":
                major = re.match(r"\d+", cluster["EngineVersion"]).group()
                cluster["DBClusterParameterGroup"] += major
        return answer

    return create_cluster


def _with_defaults(describe, parameter, create):
    def describe_parameters(params):
        from ministack.services import rds

        name = rds._p(params, parameter)
        if name.startswith("default."):
            # Answers an error when the group exists already, which is as good.
            create({parameter: name, "DBParameterGroupFamily": name.removeprefix("default."), "Description": "default"})
        return describe(params)

    return describe_parameters
