//! `day2-reads` can be charged module by module: a function names the modules it uses, and nothing else is exported.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::trees::caught;
use super::{functions, obeyed, shipped_code, text};

/// Where the shared reads are.
pub(super) const FOLDER: &str = "shared/reads/src";

/// The modules with their shipped code. A module is `<module>.rs`, or a folder, or both.
pub(super) fn modules(root: &Path) -> BTreeMap<String, Vec<String>> {
    let mut modules: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, code) in shipped_code(root, FOLDER) {
        let inner = path.trim_start_matches(FOLDER).trim_start_matches('/');
        let module = inner
            .split('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".rs");
        if module != "lib" {
            modules.entry(module.to_owned()).or_default().push(code);
        }
    }
    modules
}

/// The first names after `path::` everywhere in a piece of code, also of a list in braces.
fn named(code: &str, path: &str) -> BTreeSet<String> {
    let start = format!("{path}::");
    let mut names = BTreeSet::new();
    for rest in code.split(&start).skip(1) {
        match rest.trim_start().strip_prefix('{') {
            Some(list) => names.extend(first_names(list)),
            None => names.extend(first_name(rest)),
        }
    }
    names
}

fn first_name(text: &str) -> Option<String> {
    let text = text.trim_start();
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*'))
        .unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The first name of each part of a list, up to the brace that closes it.
fn first_names(list: &str) -> Vec<String> {
    let (mut depth, mut parts, mut part) = (0, Vec::new(), String::new());
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => parts.push(std::mem::take(&mut part)),
            _ => {}
        }
        if depth == 0 && c != ',' {
            part.push(c);
        }
    }
    parts.push(part);
    parts.iter().filter_map(|part| first_name(part)).collect()
}

/// The modules that a function uses: those it names, and those that these need.
pub(super) fn reached(root: &Path, name: &str, modules: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next: Vec<String> = shipped_code(root, &format!("functions/{name}/src"))
        .iter()
        .flat_map(|(_, code)| named(code, "day2_reads"))
        .collect();
    while let Some(module) = next.pop() {
        if let Some(codes) = modules.get(&module)
            && found.insert(module)
        {
            next.extend(codes.iter().flat_map(|code| named(code, "crate")));
        }
    }
    found
}

/// Whether a name stands in code as a word of its own and not followed by `::`, under which it could be given another.
fn renamed(code: &str) -> bool {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices("day2_reads").any(|(at, found)| {
        let (before, after) = (&code[..at], &code[at + found.len()..]);
        !word(before.chars().next_back()) && !word(after.chars().next()) && !after.starts_with("::")
    })
}

fn reads_are_named_by_module(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let modules = modules(root);
    for line in text(&root.join(FOLDER).join("lib.rs")).lines() {
        let declares =
            ["mod ", "pub mod "].iter().any(|start| line.starts_with(start)) && line.ends_with(';');
        if !(line.is_empty() || line.starts_with("//") || line == "#[cfg(test)]" || declares) {
            wrong.push(format!(
                "{FOLDER}/lib.rs holds `{line}`; declare modules only, so that a function is charged by the modules it names"
            ));
        }
    }
    for name in functions(root) {
        for (path, code) in shipped_code(root, &format!("functions/{name}/src")) {
            if renamed(&code) {
                wrong.push(format!(
                    "{path} renames day2_reads; name each module as day2_reads::<module>"
                ));
            }
            for module in named(&code, "day2_reads") {
                if !modules.contains_key(&module) {
                    wrong.push(format!(
                        "{path} names day2_reads::{module}, which is no module; name the module"
                    ));
                }
            }
        }
    }
    wrong
}

#[test]
fn functions_name_each_module_of_the_reads_they_use() {
    obeyed(reads_are_named_by_module);
}

#[test]
fn a_way_around_the_names_is_found() {
    const CODE: &str = "functions/scale-window/src/gather/database.rs";
    let law = reads_are_named_by_module;
    for (code, says) in [
        ("use day2_reads as reads;", "renames day2_reads"),
        ("use day2_reads;", "renames day2_reads"),
        ("use day2_reads::*;", "names day2_reads::*"),
        ("use day2_reads::{self as reads};", "names day2_reads::self"),
        (
            "use day2_reads::{metric, Everything};",
            "names day2_reads::Everything",
        ),
    ] {
        caught(law, says, |tree| {
            tree.append(CODE, &format!("\n{code}\n"));
        });
    }
    caught(law, "declare modules only", |tree| {
        tree.append(&format!("{FOLDER}/lib.rs"), "\npub use subnets::Subnet;\n");
    });
}

#[test]
fn names_are_found_in_every_form_of_an_import() {
    let code = "use day2_reads::{\n  metric::{Series, Window}, alarms::{self, Alarm},\n  subnets,\n};\nday2_reads::quotas::applied()";
    let found: Vec<String> = named(code, "day2_reads").into_iter().collect();
    assert_eq!(found, ["alarms", "metric", "quotas", "subnets"]);
}
