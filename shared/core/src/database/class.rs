//! Memory of DB instance classes.

const MIB: u64 = 1024 * 1024;

/// Nominal memory of an instance class such as `db.r7g.xlarge`, in bytes; nothing for a class that is not known.
///
/// Within a family memory doubles with each size from `large` on. Source: *Amazon RDS User Guide* and *Aurora User
/// Guide*, "Hardware specifications for DB instance classes". The engine sees somewhat less, because the operating system
/// and RDS keep a part (same guides, "Specifying DB parameters", `DBInstanceClassMemory`).
#[must_use]
pub fn nominal_memory_bytes(class: &str) -> Option<u64> {
    let mut parts = class.strip_prefix("db.")?.split('.');
    let (family, size) = (parts.next()?, parts.next()?);
    if parts.next().is_some() {
        // `db.r5.xlarge.tpc2.mem2x`: classes of Oracle with other memory.
        return None;
    }
    let generation_at = family.find(|c: char| c.is_ascii_digit())?;
    let (letters, rest) = family.split_at_checked(generation_at)?;
    let generation: u32 = rest.get(..1)?.parse().ok()?;
    // Of size `large`.
    let large_mib: u64 = match (letters, generation) {
        ("r", 3 | 4) => 15_616,
        ("r", 5..=9) => 16 * 1024,
        ("m", 4..=9) | ("t", 2..=4) => 8 * 1024,
        ("x", 2) if rest == "2g" => 32 * 1024,
        _ => return None,
    };
    let mib = match size {
        "micro" if letters == "t" => 1024,
        "small" if letters == "t" => 2 * 1024,
        "medium" if letters == "t" => 4 * 1024,
        "large" => large_mib,
        "xlarge" => large_mib * 2,
        many => large_mib.checked_mul(2 * many.strip_suffix("xlarge")?.parse::<u64>().ok()?)?,
    };
    Some(mib * MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_follows_the_tables_of_the_user_guides() {
        // In quarters of a GiB: the r3 and r4 classes have 15.25 GiB for each `large`.
        for (class, quarters) in [
            ("db.r4.large", Some(61)),
            ("db.r4.16xlarge", Some(1952)),
            ("db.r5.24xlarge", Some(3072)),
            ("db.r6g.large", Some(64)),
            ("db.r7g.2xlarge", Some(256)),
            ("db.r8g.48xlarge", Some(6144)),
            ("db.m5.large", Some(32)),
            ("db.m6gd.4xlarge", Some(256)),
            ("db.t3.micro", Some(4)),
            ("db.t4g.medium", Some(16)),
            ("db.t4g.2xlarge", Some(128)),
            ("db.x2g.16xlarge", Some(4096)),
            ("db.serverless", None),
            ("db.x2iedn.xlarge", None),
            ("db.r5.xlarge.tpc2.mem2x", None),
            ("db.r6g.huge", None),
            ("r6g.large", None),
            ("", None),
        ] {
            let seen = nominal_memory_bytes(class).map(|bytes| bytes / (256 * MIB));
            assert_eq!(seen, quarters, "{class}");
        }
    }
}
