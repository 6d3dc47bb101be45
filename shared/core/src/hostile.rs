//! Text that others wrote: names, labels and messages of clusters, findings, alarms and services.
//!
//! Every renderer passes every string of a report through here, also the strings of our own code, because both
//! meet in one sentence ("2 pods wait: `<name>`"). What comes out is one line without anything that a terminal, a
//! mail client, a browser, a chat tool, a spreadsheet or a log library would act on (`cases.md` E12). Nothing is
//! removed silently: what cannot be shown as it is becomes a visible escape.
//!
//! Not for identifiers that go into requests: those are validated where they are read, never cleaned.

mod defuse;

use std::fmt::Write as _;

/// Longest line of foreign text in a report, in characters. Kubernetes names end at 253 and ARNs are mostly below
/// 200; a service's error text can be kilobytes, and its head is what helps.
pub const LINE_CHARS: usize = 500;

/// Rounds after which a text has settled; see [`plain_within`]. Two are enough in practice.
const ROUNDS: usize = 8;

/// One line of harmless plain text, at most [`LINE_CHARS`] characters.
#[must_use]
pub fn plain(text: &str) -> String {
    plain_within(text, LINE_CHARS)
}

/// One line of harmless plain text of at most `max_chars` characters; a longer one ends in `…`.
///
/// Control characters, line ends, direction marks and invisible characters become escapes such as `\u{1b}`; URLs
/// and host names become `hxxps://evil[.]example`; Markdown links, chat mentions, `${…}` lookups and spreadsheet
/// formulas are broken. Applying it twice changes nothing.
#[must_use]
pub fn plain_within(text: &str, max_chars: usize) -> String {
    let mut shown = cut(text, max_chars);
    // A cut can uncover a link that was none before (`evil.company` → `evil.com…`), so it is looked at again.
    for _ in 0..ROUNDS {
        let next = cut(&defuse::defuse(&visible(&shown)), max_chars);
        if next == shown {
            break;
        }
        shown = next;
    }
    shown
}

/// [`plain`] text for an HTML element or a quoted attribute.
#[must_use]
pub fn html(text: &str) -> String {
    escape(&plain(text))
}

/// Printable ASCII on one line, at most `max_chars` characters, for a mail subject or a metric dimension.
///
/// A few common signs are spelled out, any other non-ASCII character becomes `?`; a longer text ends in `...`.
#[must_use]
pub fn ascii(text: &str, max_chars: usize) -> String {
    let mut out = String::new();
    for character in plain(text).chars() {
        match character {
            '–' | '—' | '‑' | '−' => out.push('-'),
            '‘' | '’' => out.push('\''),
            '“' | '”' => out.push('"'),
            '…' => out.push_str("..."),
            '→' => out.push_str("->"),
            '×' => out.push('x'),
            ' '..='~' => out.push(character),
            _ => out.push('?'),
        }
    }
    if out.len() <= max_chars {
        return out;
    }
    let dots = max_chars.min(3);
    out.truncate(max_chars.saturating_sub(dots));
    out.extend(std::iter::repeat_n('.', dots));
    out
}

/// `text` or its first `max_chars - 1` characters and `…`.
fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().nth(max_chars).is_none() {
        return text.to_owned();
    }
    let Some(kept) = max_chars.checked_sub(1) else {
        return String::new();
    };
    text.chars().take(kept).chain(['…']).collect()
}

/// One trimmed line in which every character can be seen.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push(' '),
            c if is_unseen(c) => {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "{}", c.escape_unicode());
            }
            c if c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

/// Characters that have no shape of their own or change how their neighbours are shown.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'           // Mongolian variation selectors and vowel separator
            | '\u{200b}'..='\u{200f}'           // zero-width space and joiners, direction marks
            | '\u{2028}'..='\u{202e}'           // line and paragraph separator, embeddings and overrides
            | '\u{2060}'..='\u{206f}'           // word joiner, invisible operators, isolates
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{1d173}'..='\u{1d17a}'         // invisible musical controls
            | '\u{e0000}'..='\u{e0fff}') // tags and further variation selectors
}

/// The five characters that HTML gives a meaning to.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
