# What the parts that are made once for every function (settings.tf, permissions.tf) need to know of each.

locals {
  # Function → mail policy, names of its targets, the `function` part of its settings. One that is not deployed is absent.
  functions = { for name, function in { scale-window = local.scale_window } : name => function if function != null }
}
