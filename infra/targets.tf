locals {
  # Account and region of a target are those of its role and of the deployment, unless it says otherwise.
  platforms = {
    for target in var.targets : target.name => merge(target, {
      account_id = coalesce(target.account_id, try(split(":", target.role_arn)[4], null), local.account_id)
      region     = coalesce(target.region, local.region)
    })
  }

  # The deployment itself: what looks at no platform reports under its name.
  own_target = var.name

  # A pair is a target of its own: it has reports, mails and a schedule, but no cluster, no database and no role.
  ha_status_pairs = var.ha_status == null ? {} : {
    for name, pair in var.ha_status.pairs : name => {
      name          = name
      account_id    = local.account_id
      region        = local.region
      role_arn      = null
      topic_arn     = pair.topic_arn
      topic_key_arn = pair.topic_key_arn
      cluster       = null
      database      = null
      node_groups   = []
      vpc_id        = null
    }
  }

  # What a function may be called for: the deployment, the platforms, and the pairs of them (ha_status).
  targets = merge(
    {
      (local.own_target) = {
        name          = local.own_target, account_id = local.account_id, region = local.region, role_arn = null, topic_arn = null,
        topic_key_arn = null, cluster = null, database = null, node_groups = [], vpc_id = null
      }
    },
    local.platforms,
    local.ha_status_pairs,
  )

  # The platforms whose clusters this deployment can reach without another role: only there it can grant access. The name of a cluster
  # does not tell: in another account or region one may be called as ours is.
  own_cluster_platforms = {
    for name, target in local.platforms : name => target
    if target.cluster != null && target.role_arn == null && target.account_id == local.account_id && target.region == local.region
  }

  own_clusters = toset([for target in local.own_cluster_platforms : target.cluster.name])

  access_entry_clusters = {
    for name, target in local.own_cluster_platforms : name => target.cluster.name if target.cluster.access_entry
  }
}
