//! Lists reduced while they are read: what must be said of each object is decided here, and only that is kept. Pure; the
//! moment and the limits are given.
//!
//! A cluster of 5,000 nodes and 150,000 pods must fit beside the program in a small Lambda, so that nothing here grows with
//! the number of healthy objects but a few numbers for each node.

pub mod cause;
pub mod jobs;
pub mod mesh;
pub mod nodes;
pub mod notices;
pub mod owner;
pub mod pods;
pub mod storage;
pub mod traces;
pub mod workloads;

#[cfg(test)]
mod tests;

/// The first characters of a text of the cluster, on one line.
#[must_use]
pub fn short(text: &str, characters: usize) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = line.char_indices().nth(characters) {
        line.truncate(at);
        line.push('…');
    }
    line
}
