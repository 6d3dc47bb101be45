//! Short names for long texts.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The first `bytes` bytes (at most 32) of the SHA-256 of `text`, in lower-case hexadecimal.
pub(crate) fn sha256(text: &str, bytes: usize) -> String {
    let mut hex = String::with_capacity(bytes * 2);
    for byte in Sha256::digest(text.as_bytes()).iter().take(bytes) {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_digest_is_the_start_of_the_known_one() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(super::sha256("abc", 8), "ba7816bf8f01cfea");
    }
}
