//! Takes the effect out of text that some program would act on: links, mentions, lookups, formulas.
//!
//! The input is one line of visible characters. Each rule's output no longer matches the rule, so that a text that
//! went through once stays as it is.

/// Sequences that a reader's program acts on, and what is shown instead.
const BROKEN_UP: [(&str, &str); 5] = [
    ("${", "$ {"), // lookups of logging libraries: ${jndi:…}
    ("](", "] ("), // Markdown links
    ("<!", "< !"), // <!channel>, <!here> in chat; comments in HTML
    ("<@", "< @"), // mentions of a person in chat
    ("<#", "< #"), // links to a channel in chat
];

/// Schemes that programs follow without `//`.
const OPAQUE_SCHEMES: [&str; 10] = [
    "javascript",
    "vbscript",
    "data",
    "mailto",
    "tel",
    "sms",
    "file",
    "blob",
    "facetime",
    "callto",
];

/// Schemes that nothing opens: ours, and web addresses that are defanged already.
const DEAD_SCHEMES: [&str; 3] = ["hxxp", "hxxps", "s3"];

/// Last labels after which mail clients make a link of a bare host name. Not the list of all domains: `.zone` or
/// `.name` would break names of settings, and `.internal`, `.local`, `.svc` are never links.
const LINKED_DOMAINS: [&str; 55] = [
    "ai", "app", "at", "au", "biz", "br", "ca", "cc", "ch", "click", "cloud", "club", "cn", "co", "com",
    "de", "dev", "edu", "es", "eu", "example", "fr", "gov", "icu", "in", "info", "int", "io", "ir", "it",
    "jp", "kr", "link", "live", "me", "mil", "mobi", "net", "nl", "online", "org", "pl", "pro", "pw", "ru",
    "sh", "site", "su", "to", "top", "tv", "uk", "us", "xyz", "zip",
];

/// Prefixes of labels and annotations that operators copy from reports into commands; their owners are the
/// platform's own projects, and nobody else can put a page below them.
const KEPT_HOSTS: [&str; 5] = [
    "kubernetes.io",
    "k8s.io",
    "eks.amazonaws.com",
    "karpenter.sh",
    "keda.sh",
];

/// See the file's head.
pub(super) fn defuse(line: &str) -> String {
    let mut text = line.to_owned();
    for (live, dead) in BROKEN_UP {
        text = text.replace(live, dead);
    }
    guard_formula(&bare_hosts(&opaque_schemes(&schemes(&text))))
}

/// `https://a.b/c` → `hxxps://a[.]b/c`; any other scheme but the dead ones → `scheme[:]//`.
fn schemes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-')))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let (head, scheme) = before.split_at(start);
        out.push_str(head);
        rest = after;
        match &*scheme.to_ascii_lowercase() {
            web @ ("http" | "https") => {
                out.push_str(&web.replacen("tt", "xx", 1));
                out.push_str("://");
                let host_end = after
                    .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '\\'))
                    .unwrap_or(after.len());
                let (host, tail) = after.split_at(host_end);
                out.push_str(&dots(host));
                rest = tail;
            }
            dead if DEAD_SCHEMES.contains(&dead) => {
                out.push_str(scheme);
                out.push_str("://");
            }
            _ => {
                out.push_str(scheme);
                out.push_str("[:]//");
            }
        }
    }
    out.push_str(rest);
    out
}

/// `javascript:alert(1)` → `javascript[:]alert(1)`.
fn opaque_schemes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(':') {
        let word = before
            .rsplit(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let followed = after
            .chars()
            .next()
            .is_some_and(|next| next != ' ' && next != ']');
        out.push_str(before);
        out.push_str(if followed && OPAQUE_SCHEMES.contains(&&*word) {
            "[:]"
        } else {
            ":"
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// `evil.com` → `evil[.]com`, where a mail client would make a link of it.
fn bare_hosts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_host_char) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_host_char(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(before);
        // A wide dot is a dot of a host for a browser and the end of a sentence for a mail client.
        if is_linked(word) || word.split(is_wide_dot).any(is_linked) {
            out.push_str(&dots(word));
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn is_host_char(character: char) -> bool {
    character.is_alphanumeric() || character == '-' || is_dot(character)
}

/// A dot in a host name, also the wide forms that browsers take for one.
const fn is_dot(character: char) -> bool {
    character == '.' || is_wide_dot(character)
}

const fn is_wide_dot(character: char) -> bool {
    matches!(character, '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

fn is_linked(word: &str) -> bool {
    let word = word
        .trim_matches(|c| c == '-' || is_dot(c))
        .to_lowercase()
        .replace(is_dot, ".");
    let Some((name, last)) = word.rsplit_once('.') else {
        return false;
    };
    let kept = KEPT_HOSTS.iter().any(|host| {
        word == *host
            || (host.ends_with("k8s.io") || host.ends_with("kubernetes.io")) && is_below(&word, host)
    });
    !kept
        && !name.is_empty()
        && (name == "www"
            || name.starts_with("www.")
            || last.starts_with("xn--")
            || LINKED_DOMAINS.contains(&last))
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|front| front.ends_with('.'))
}

/// Each dot of a host in brackets, but for those that have them.
fn dots(host: &str) -> String {
    let mut out = String::with_capacity(host.len() + 8);
    let mut rest = host;
    while let Some(at) = rest.find(is_dot) {
        let (before, from) = rest.split_at(at);
        let mut after = from.chars();
        after.next();
        out.push_str(before);
        out.push_str(if before.ends_with('[') && after.as_str().starts_with(']') {
            "."
        } else {
            "[.]"
        });
        rest = after.as_str();
    }
    out.push_str(rest);
    out
}

/// `=HYPERLINK(…)` → `'=HYPERLINK(…)`: a table copied from a report into a spreadsheet stays text. Plain numbers
/// with a sign stay as they are. Source: OWASP, "CSV Injection".
fn guard_formula(text: &str) -> String {
    let mut characters = text.chars();
    let starts = match characters.next() {
        Some('=' | '@' | '＝' | '＠') => true,
        Some('+' | '-' | '＋' | '－') => !characters
            .as_str()
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '%' | ' ')),
        _ => false,
    };
    if starts {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
