# The function's identity in a cluster. What the group may do there is in infra/kubernetes.
resource "aws_eks_access_entry" "this" {
  for_each = var.access_entry_clusters

  cluster_name      = each.key
  principal_arn     = aws_iam_role.function.arn
  kubernetes_groups = [local.kubernetes_group]
  type              = "STANDARD"
  tags              = var.tags
}

locals {
  # Without the prefix: the shipped manifests name it, whatever the deployment is called.
  kubernetes_group = "day2:${var.name}"
}
