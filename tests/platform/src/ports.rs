//! Loopback ports for servers that are told their port on the command line.
//!
//! Asking the kernel for a free port and closing it again leaves a gap in which somebody else can get the same
//! number: another platform beside this one, or any outgoing connection. So ports are taken from below the
//! range the kernel hands out by itself, and each is claimed by a locked file for as long as it is used.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// First port considered. Linux hands out 32768–60999 and macOS 49152–65535 by themselves
/// (`net.ipv4.ip_local_port_range`; RFC 6335 for the latter), well-known servers sit mostly below 10000.
const FIRST: u16 = 20_000;
/// How many ports are considered, from [`FIRST`] on.
const COUNT: u16 = 12_000;
/// Ports tried before giving up; a handful of platforms use a few dozen.
const TRIES: u16 = 500;

/// A claim on one port of 127.0.0.1. No other platform gets the number until this is dropped.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Locked; the lock ends with the value, and with the process however that ends.
    _claim: File,
}

impl Port {
    /// Claims a port on which nothing listens now.
    ///
    /// # Errors
    ///
    /// When the folder of claims is not writable, or none of many ports is free.
    pub fn claim() -> Result<Self> {
        let folder = crate::folders::cache()?.join("ports");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let start = RandomState::new().build_hasher().finish() % u64::from(COUNT);
        for step in 0..TRIES {
            // A step that shares no factor with COUNT visits every port, not neighbours of a busy one.
            let offset = (start + u64::from(step) * 7_919) % u64::from(COUNT);
            let number = FIRST + u16::try_from(offset)?;
            if let Some(port) = Self::try_claim(&folder, number)? {
                return Ok(port);
            }
        }
        bail!("no free port on 127.0.0.1 after {TRIES} tries from {FIRST} on")
    }

    fn try_claim(folder: &Path, number: u16) -> Result<Option<Self>> {
        let path = folder.join(number.to_string());
        let claim = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        let ours = claim.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok();
        Ok(ours.then_some(Self {
            number,
            _claim: claim,
        }))
    }

    /// The port number.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }
}

impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.number.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn many_claims_side_by_side_never_share_a_port() {
        let ports: Vec<Port> = (0..40).map(|_| Port::claim().unwrap()).collect();
        let numbers: BTreeSet<u16> = ports.iter().map(Port::number).collect();
        assert_eq!(numbers.len(), 40);
        assert!(
            numbers
                .iter()
                .all(|number| (FIRST..FIRST + COUNT).contains(number))
        );
    }

    #[test]
    fn a_port_is_claimed_once_until_it_is_dropped_and_never_while_somebody_listens() {
        let folder = tempfile::tempdir().unwrap();
        let first = Port::claim().unwrap();
        let number = first.number();
        let claims = crate::folders::cache().unwrap().join("ports");
        assert!(
            Port::try_claim(&claims, number).unwrap().is_none(),
            "claimed twice"
        );

        let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).unwrap();
        assert!(
            Port::try_claim(folder.path(), number).unwrap().is_none(),
            "somebody listens"
        );
    }
}
