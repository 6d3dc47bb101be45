data "aws_eks_cluster" "own" {
  for_each = toset(values(local.access_entry_clusters))

  name = each.key

  lifecycle {
    postcondition {
      condition     = try(self.access_config[0].authentication_mode, "CONFIG_MAP") != "CONFIG_MAP"
      error_message = <<-EOT
        The EKS cluster ${each.key} has authentication mode CONFIG_MAP, which knows no access entries: no function could be let in.
        Switch access entries on beside the aws-auth ConfigMap, which stays in force (there is no way back to CONFIG_MAP):
          aws eks update-cluster-config --name ${each.key} --access-config authenticationMode=API_AND_CONFIG_MAP
        or set cluster.access_entry = false for this target and map the role to the group yourself.
      EOT
    }
  }
}
