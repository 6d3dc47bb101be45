//! Where a JSON value ends.

use super::unexpected;

/// How far into a JSON value the reader is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    open: usize,
    text: bool,
    escaped: bool,
}

/// What a look at some bytes of a value found.
pub(super) enum Seen {
    /// The value ends after so many of them.
    Ends(usize),
    /// It goes on behind them.
    GoesOn,
}

impl Value {
    /// Before the first byte.
    pub(super) const fn new() -> Self {
        Self {
            open: 0,
            text: false,
            escaped: false,
        }
    }

    /// Goes through `bytes` until the value ends. A number or word ends *before* a delimiter.
    pub(super) fn look(&mut self, bytes: &[u8]) -> Result<Seen, String> {
        let mut rest = bytes;
        loop {
            if self.text && !self.escaped {
                rest = rest.get(plain(rest)..).unwrap_or_default();
            }
            let Some((&byte, after)) = rest.split_first() else {
                return Ok(Seen::GoesOn);
            };
            let at = bytes.len() - rest.len();
            rest = after;
            if self.text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    _ => {
                        self.text = false;
                        if self.open == 0 {
                            return Ok(Seen::Ends(at + 1));
                        }
                    }
                }
                continue;
            }
            match byte {
                b'"' => self.text = true,
                b'{' | b'[' => self.open += 1,
                b'}' | b']' | b',' if self.open == 0 => return Ok(Seen::Ends(at)),
                b'}' | b']' => {
                    self.open -= 1;
                    if self.open == 0 {
                        return Ok(Seen::Ends(at + 1));
                    }
                }
                b if b < b' ' && !b.is_ascii_whitespace() => return Err(unexpected(byte)),
                _ => {}
            }
        }
    }
}

/// How many bytes at the beginning neither end a text nor escape what follows. Two thirds of a list are texts, and going
/// through them one byte at a time was the largest part of reading one: so eight at a time.
fn plain(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut passed = 0;
    for word in words {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            // The first byte is the lowest.
            return passed + marks.trailing_zeros() as usize / 8;
        }
        passed += 8;
    }
    passed
        + rest
            .iter()
            .take_while(|byte| !matches!(byte, b'"' | b'\\'))
            .count()
}

/// The highest bit of the lowest byte that is `"` or `\`, and of none below it; bits above may be wrong, because a
/// subtraction borrows from what follows (source: Warren, "Hacker's Delight", "Find First 0-Byte").
const fn marks(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
    const ESCAPES: u64 = u64::from_ne_bytes([b'\\'; 8]);
    let (quotes, escapes) = (word ^ QUOTES, word ^ ESCAPES);
    (quotes.wrapping_sub(ONES) & !quotes | escapes.wrapping_sub(ONES) & !escapes) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_quote_or_backslash_is_found_whatever_stands_beside_it() {
        // Neighbours of both marks, which a borrow of the subtraction could turn into one, and bytes of UTF-8.
        let beside = [0x00, 0x01, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xa2, 0xdc, 0xff];
        for length in 0..20_usize {
            for filler in beside {
                let quiet = vec![filler; length];
                assert_eq!(plain(&quiet), length, "{filler:#x} {length} times");
                for at in 0..length {
                    for mark in [b'"', b'\\'] {
                        for behind in beside.into_iter().chain([b'"', b'\\']) {
                            let mut bytes = quiet.clone();
                            bytes[at] = mark;
                            bytes[at + 1..].fill(behind);
                            assert_eq!(plain(&bytes), at, "{bytes:x?}");
                        }
                    }
                }
            }
        }
    }
}
