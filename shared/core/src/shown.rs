//! Words of others inside our own sentences: one line, bounded, no control characters, no secrets. Full
//! neutralisation for mail and HTML happens where those are written; this is for error texts and logs.

/// Most characters of a foreign text that an error repeats.
const LONGEST: usize = 80;

/// `text` in quotes, escaped and cut to [`LONGEST`] characters.
pub(crate) fn quoted(text: &str) -> String {
    // `escape_debug` escapes control characters, and format characters such as a right-to-left override.
    let shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    let cut = if text.chars().nth(LONGEST).is_some() {
        "…"
    } else {
        ""
    };
    format!("\"{shown}{cut}\"")
}

/// Whether a value must not be repeated: its field is named like a secret, or it looks like one.
pub(crate) fn secret(field: &str, value: &str) -> bool {
    const FIELDS: [&str; 7] = [
        "password",
        "passwd",
        "secret",
        "token",
        "credential",
        "private_key",
        "access_key",
    ];
    const VALUES: [&str; 7] = [
        "AKIA",
        "ASIA",
        "X-Amz-Signature",
        "X-Amz-Security-Token",
        "-----BEGIN",
        "eyJ",
        "k8s-aws-v1.",
    ];
    let field = field.to_ascii_lowercase();
    let userinfo = value.split_once("://").is_some_and(|(_, rest)| {
        rest.split(['/', '?', '#'])
            .next()
            .is_some_and(|authority| authority.contains('@'))
    });
    userinfo
        || FIELDS.iter().any(|name| field.contains(name))
        || VALUES.iter().any(|mark| value.contains(mark))
        || long_random(value)
}

/// A run of 40 or more characters of the base64 alphabet with digits and both cases, like a secret access key.
fn long_random(value: &str) -> bool {
    value
        .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')))
        .any(|run| {
            run.len() >= 40
                && run.contains(|c: char| c.is_ascii_digit())
                && run.contains(|c: char| c.is_ascii_lowercase())
                && run.contains(|c: char| c.is_ascii_uppercase())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_text_stays_on_one_line_and_is_bounded_e12() {
        assert_eq!(
            quoted("a\r\nb\u{1b}[31m\u{202e}c"),
            "\"a\\r\\nb\\u{1b}[31m\\u{202e}c\""
        );
        assert!(quoted(&"x".repeat(5_000)).chars().count() < 90);
        for invisible in
            "\u{ad}\u{61c}\u{180e}\u{200b}\u{200f}\u{2028}\u{202e}\u{2060}\u{2066}\u{feff}\u{fff9}\u{e0041}"
                .chars()
        {
            assert!(
                !quoted(&invisible.to_string()).contains(invisible),
                "{:x}",
                u32::from(invisible)
            );
        }
    }

    #[test]
    fn secrets_are_recognised_by_field_and_by_look_e18() {
        assert!(secret("db_password", "hunter2"));
        assert!(secret("x", "AKIAIOSFODNN7EXAMPLE"));
        assert!(secret("x", "https://user:pass@host/"));
        assert!(secret("x", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"));
        assert!(!secret("topic_arn", "arn:aws:sns:us-east-1:123456789012:reports"));
        assert!(!secret("name", "prod-a"));
    }
}
