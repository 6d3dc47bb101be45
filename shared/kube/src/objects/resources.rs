//! CPU and memory that a pod asks for, as the scheduler counts them.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Deserialize;

use super::quantity::milli;

/// CPU and memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    /// CPU in thousandths of a core.
    pub cpu_milli: i64,
    /// Memory in bytes.
    pub memory_bytes: i64,
}

impl AddAssign for Resources {
    fn add_assign(&mut self, more: Self) {
        self.cpu_milli = self.cpu_milli.saturating_add(more.cpu_milli);
        self.memory_bytes = self.memory_bytes.saturating_add(more.memory_bytes);
    }
}

impl Resources {
    fn max(self, other: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.max(other.cpu_milli),
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
        }
    }

    fn plus(mut self, more: Self) -> Self {
        self += more;
        self
    }
}

/// A map from resource names to quantities, of which two are kept.
#[derive(Default, Clone, Deserialize)]
pub(super) struct ResourcesWire {
    cpu: Option<serde_json::Value>,
    memory: Option<serde_json::Value>,
}

/// A quantity is text, but numbers are accepted where the API wrote one.
pub(super) fn quantity(value: Option<&serde_json::Value>) -> Option<i64> {
    match value? {
        serde_json::Value::String(text) => milli(text),
        serde_json::Value::Number(number) => milli(&number.to_string()),
        _ => None,
    }
}

/// A map from names to quantities in thousandths; what is no quantity is left out.
pub(super) fn quantities(map: Option<BTreeMap<String, Option<serde_json::Value>>>) -> BTreeMap<String, i64> {
    map.unwrap_or_default()
        .into_iter()
        .filter_map(|(name, value)| Some((name, quantity(value.as_ref())?)))
        .collect()
}

impl ResourcesWire {
    pub(super) const fn new(cpu: Option<serde_json::Value>, memory: Option<serde_json::Value>) -> Self {
        Self { cpu, memory }
    }

    pub(super) fn read(&self) -> Resources {
        Resources {
            cpu_milli: quantity(self.cpu.as_ref()).unwrap_or_default(),
            memory_bytes: quantity(self.memory.as_ref()).unwrap_or_default() / 1000,
        }
    }

    fn over(&self, containers: Resources) -> Resources {
        let of_pod = self.read();
        Resources {
            cpu_milli: if self.cpu.is_some() {
                of_pod.cpu_milli
            } else {
                containers.cpu_milli
            },
            memory_bytes: if self.memory.is_some() {
                of_pod.memory_bytes
            } else {
                containers.memory_bytes
            },
        }
    }
}

/// `resources` of a container or of a pod.
#[derive(Default, Clone, Deserialize)]
pub(super) struct ResourceNeeds {
    requests: Option<ResourcesWire>,
}

impl ResourceNeeds {
    pub(super) fn requests(needs: Option<&Self>) -> Resources {
        needs
            .and_then(|needs| needs.requests.as_ref())
            .map(ResourcesWire::read)
            .unwrap_or_default()
    }
}

/// What the scheduler reserves for a pod (source: Kubernetes, "Sidecar Containers", "Resource sharing within containers"):
/// the larger of all that runs together and of each init container with the sidecars started before it; a request of the
/// pod itself replaces that; the overhead of its runtime class is added.
pub(super) fn reserved(
    main: impl Iterator<Item = Resources>,
    init: impl Iterator<Item = (Resources, bool)>,
    of_pod: Option<&ResourceNeeds>,
    overhead: Option<&ResourcesWire>,
) -> Resources {
    let (mut sidecars, mut peak) = (Resources::default(), Resources::default());
    for (needs, sidecar) in init {
        if sidecar {
            sidecars += needs;
            peak = peak.max(sidecars);
        } else {
            peak = peak.max(sidecars.plus(needs));
        }
    }
    let together = main.fold(sidecars, Resources::plus);
    let containers = together.max(peak);
    let stated = of_pod
        .and_then(|needs| needs.requests.as_ref())
        .map_or(containers, |requests| requests.over(containers));
    stated.plus(overhead.map(ResourcesWire::read).unwrap_or_default())
}
