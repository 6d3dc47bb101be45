//! `EVA-801` and `EVA-802`: whether the audit could work, asked by a self-check.

use day2_core::{Item, Observed, Verdict};

use super::looked_at;

pub(crate) fn can_list(bucket: &str, answer: &Observed<()>) -> Item {
    const CODE: (&str, &str) = ("EVA-801", "evidence can be listed");
    match answer {
        Ok(()) => Item::judge(
            CODE.0,
            CODE.1,
            Verdict::Pass,
            looked_at(1, 1),
            format!("{bucket} can be listed"),
        ),
        Err(why) => Item::unreadable(CODE.0, CODE.1, 1, why),
    }
    .remedy("deploy the function again with the variable evidence, and see whether the bucket is there")
}

/// Reading the newest version, and its lock. `None` when there is no evidence yet.
pub(crate) fn can_read(answers: Option<(Observed<()>, Observed<()>)>) -> Item {
    const CODE: (&str, &str) = ("EVA-802", "evidence can be read, with its lock");
    let remedy = "see that the key's policy lets this function decrypt (auditor_functions of infra/evidence)";
    let Some((content, lock)) = answers else {
        let seen = "there is no evidence yet that could be read";
        return Item::judge(CODE.0, CODE.1, Verdict::Unknown, looked_at(0, 1), seen)
            .remedy("none; the first capture will show it");
    };
    match content.and(lock) {
        Ok(()) => Item::judge(
            CODE.0,
            CODE.1,
            Verdict::Pass,
            looked_at(1, 1),
            "the newest version can be read",
        ),
        Err(why) => Item::unreadable(CODE.0, CODE.1, 1, &why).remedy(remedy),
    }
}
