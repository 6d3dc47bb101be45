//! The section of the README that deploys an example on the local platform, read by somebody who does what it says and nothing
//! else: its commands are taken from the text and run, in its order. What the reader is told to wait for, and to copy out
//! of a mail, stands beside them in comments of HTML:
//!
//! ```text
//! <!-- reader: runs in another terminal -->      the block after it stays up
//! <!-- reader: gets PLANNED connection-exhaustion -->
//! <!-- reader: copies TO APPROVE -->             the lines below that heading of the mail
//! ```

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use day2_platform::aws::api::Api;
use day2_platform::deploy::belongings::{belongings, complete, gone};
use day2_platform::deploy::{self, repository};

use super::{Copy, PROGRAM};

const SECTION: &str = "## Deploy it on this machine";
const MAIL_LIMIT: Duration = Duration::from_mins(3);
const LOOK: Duration = Duration::from_millis(200);

/// What the reader does next.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Runs the lines of a block.
    Runs(String),
    /// Runs them in a terminal of their own.
    Beside(String),
    /// Waits for a mail whose subject has these words.
    Gets(String),
    /// Runs the lines below this heading of that mail.
    Copies(String),
}

/// The steps of a section of a page.
fn steps(page: &str, section: &str) -> Result<Vec<Step>> {
    let (_, rest) = page
        .split_once(&format!("\n{section}\n"))
        .with_context(|| format!("there is no section {section}"))?;
    let own = rest.split("\n## ").next().unwrap_or(rest);
    let (mut steps, mut beside, mut block) = (Vec::new(), false, None::<String>);
    for line in own.lines() {
        if let Some(text) = block.as_mut() {
            if line == "```" {
                let text = block.take().unwrap_or_default();
                steps.push(if beside {
                    Step::Beside(text)
                } else {
                    Step::Runs(text)
                });
                beside = false;
            } else {
                text.push_str(line);
                text.push('\n');
            }
        } else if line == "```sh" {
            block = Some(String::new());
        } else if let Some(told) = line.strip_prefix("<!-- reader: ") {
            let told = told.strip_suffix(" -->").context("a comment that does not end")?;
            match told.split_once(' ') {
                Some(("gets", words)) => steps.push(Step::Gets(words.to_owned())),
                Some(("copies", heading)) => steps.push(Step::Copies(heading.to_owned())),
                _ if told == "runs in another terminal" => beside = true,
                _ => bail!("the reader does not understand: {told}"),
            }
        }
    }
    ensure!(block.is_none() && !beside, "a block that does not end");
    Ok(steps)
}

/// The command below a heading of a mail, as it is copied: from its first word to the end of the line that continues no more.
fn command_below(mail: &str, heading: &str) -> Result<String> {
    let mut lines = mail.lines().skip_while(|line| line.trim() != heading);
    lines.next().with_context(|| format!("no {heading} in\n{mail}"))?;
    let first = lines
        .by_ref()
        .find(|line| line.trim_start().starts_with("echo '"))
        .with_context(|| format!("no command below {heading}"))?;
    let mut command = vec![first.trim()];
    while command.last().is_some_and(|line| line.ends_with('\\')) {
        command.push(lines.next().context("a command that is cut")?.trim());
    }
    Ok(command.join("\n"))
}

/// A checkout of the reader's own: where Terraform leaves its state, and the platform its folder. The programs are those of
/// this build, which a reader builds by the same commands.
struct Checkout {
    folder: PathBuf,
    mails_read: usize,
}

impl Checkout {
    fn new(folder: &Path) -> Result<Self> {
        copy(&repository().join("infra"), &folder.join("infra"))?;
        symlink(repository().join("functions"), folder.join("functions"))?;
        let programs = folder.join("programs");
        for made in [&programs, &folder.join("scripts")] {
            std::fs::create_dir_all(made)?;
        }
        let state = folder.join(".day2");
        let platform = format!("exec '{PROGRAM}' --state '{}' \"$@\"\n", state.display());
        script(&folder.join("scripts/platform"), &platform)?;
        // `make platform` is `scripts/platform up`, as the Makefile says.
        let makefile = std::fs::read_to_string(repository().join("Makefile"))?;
        ensure!(
            makefile.contains("\nplatform: prerequisites ##")
                && makefile.contains("\n\t@scripts/platform up\n"),
            "`make platform` does something else now"
        );
        script(
            &programs.join("make"),
            "[ \"$*\" = platform ] && exec scripts/platform up\n",
        )?;
        symlink(deploy::terraform_program()?, programs.join("terraform"))?;
        Ok(Self {
            folder: folder.to_owned(),
            mails_read: 0,
        })
    }

    /// A shell in the checkout. What an earlier block set in its environment is set again, as in one terminal.
    fn shell(&self, lines: &str) -> Result<Command> {
        let tools = Command::new(repository().join("scripts/tools")).output()?;
        ensure!(
            tools.status.success(),
            "{}",
            String::from_utf8_lossy(&tools.stderr)
        );
        let tools = String::from_utf8(tools.stdout)?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = path.to_string_lossy();
        let path = format!(
            "{}:{}:{path}",
            self.folder.join("programs").display(),
            tools.trim()
        );
        let text = format!(
            "set -euo pipefail\n[ ! -e .environment ] || . ./.environment\n{lines}\nexport -p >.environment\n"
        );
        let mut shell = Command::new("bash");
        shell
            .args(["-c", &text])
            .current_dir(&self.folder)
            .env("PATH", path)
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1");
        // Where the registry of Terraform cannot be reached (CONTRIBUTING.md).
        let program = deploy::terraform_program()?;
        if let Some(mirror) = deploy::plugin_folder(&program, &self.folder.join("programs"))? {
            shell.env("TF_CLI_ARGS_init", format!("-plugin-dir={}", mirror.display()));
        }
        Ok(shell)
    }

    fn run(&self, lines: &str) -> Result<String> {
        let Output {
            status,
            stdout,
            stderr,
        } = self.shell(lines)?.output()?;
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        );
        ensure!(
            status.success(),
            "these lines ended with {status}:\n{lines}\n{said}"
        );
        ensure!(!said.contains("\"FunctionError\""), "{lines}\n{said}");
        Ok(String::from_utf8(stdout)?)
    }

    /// The next mail whose subject has these words, with the subject; those before it are passed over.
    fn mail(&mut self, words: &str) -> Result<String> {
        let begun = Instant::now();
        let mut others = Vec::new();
        loop {
            let next = self
                .folder
                .join(format!(".day2/run/mails/{:04}.txt", self.mails_read + 1));
            if let Ok(mail) = std::fs::read_to_string(&next) {
                self.mails_read += 1;
                let subject = mail.lines().next().unwrap_or_default().to_owned();
                if subject.contains(words) {
                    return Ok(mail);
                }
                others.push(subject);
            } else {
                ensure!(
                    begun.elapsed() < MAIL_LIMIT,
                    "no mail says {words}; others: {others:#?}"
                );
                std::thread::sleep(LOOK);
            }
        }
    }

    /// Upper end of the database's capacity range.
    fn max_acu(&self) -> Result<String> {
        let query = "DBClusters[0].ServerlessV2ScalingConfiguration.MaxCapacity";
        // Version 1 of the AWS CLI does not take the endpoint of RDS from the environment.
        let ask = "aws rds describe-db-clusters --endpoint-url \"$AWS_ENDPOINT_URL\" --db-cluster-identifier prod-a";
        self.run(&format!("{ask} --query {query} --output text"))
            .map(|text| text.trim().to_owned())
    }
}

fn script(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, format!("#!/bin/sh\n{text}"))?;
    Ok(std::fs::set_permissions(
        path,
        std::fs::Permissions::from_mode(0o755),
    )?)
}

/// Copies a folder, without what Terraform may have left in the checkout.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.starts_with(".terraform")
            || text.contains(".tfstate")
            || text == "terraform.tfvars" && !from.ends_with("single-cluster")
        {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(&name))?;
        } else {
            std::fs::copy(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn who_does_what_the_readme_says_gets_a_mail_approves_a_plan_undoes_it_and_leaves_nothing() -> Result<()>
{
    let folder = tempfile::tempdir()?;
    let mut checkout = Checkout::new(folder.path())?;
    let page = std::fs::read_to_string(repository().join("README.md"))?;
    let all = steps(&page, SECTION)?;
    let (mut platform, mut mail, mut seen) = (None, String::new(), Vec::new());
    for step in &all {
        match step {
            Step::Beside(lines) => {
                // It becomes the program, so that Ctrl-C reaches it.
                let mut other = Copy::of(checkout.shell(&format!("exec {lines}"))?)?;
                other.ready()?;
                platform = Some(other);
            }
            Step::Runs(lines) => {
                checkout.run(lines)?;
                if lines.contains("apply -auto-approve") && seen.is_empty() {
                    complete(&belongings(&account(&checkout)?).await?)?;
                    seen.push(checkout.max_acu()?);
                }
            }
            Step::Gets(words) => {
                mail = checkout.mail(words)?;
                eprintln!("{mail}");
                if ["APPLIED", "REVERTED"].iter().any(|done| words.starts_with(done)) {
                    ensure!(
                        mail.lines()
                            .next()
                            .is_some_and(|line| line.ends_with("verified") && !line.contains("NOT")),
                        "{mail}"
                    );
                    seen.push(checkout.max_acu()?);
                }
            }
            Step::Copies(heading) => {
                checkout.run(&command_below(&mail, heading)?)?;
            }
        }
    }
    ensure!(
        seen == ["16.0", "24.0", "16.0"],
        "the maximum of the database was {seen:?}"
    );
    gone(&belongings(&account(&checkout)?).await?)?;
    let ended = platform.context("the section starts no platform")?.interrupt()?;
    ensure!(ended == Some(130), "Ctrl-C ends the platform with {ended:?}");
    Ok(())
}

/// The account of the reader's platform.
fn account(checkout: &Checkout) -> Result<Api> {
    let endpoint = checkout.run("printf %s \"$AWS_ENDPOINT_URL\"")?;
    let port = endpoint.rsplit(':').next().unwrap_or_default();
    Ok(Api::as_root(
        port.parse().with_context(|| format!("no port in {endpoint}"))?,
    ))
}

#[test]
fn the_section_is_read_in_its_order() {
    let page = "# A\n\n## B\ntext\n<!-- reader: runs in another terminal -->\n```sh\nmake platform\n```\n```text\nno\n```\n\
                <!-- reader: gets PLANNED x -->\n<!-- reader: copies TO APPROVE -->\n```sh\na\nb\n```\n## C\n```sh\nno\n```\n";
    let expected = [
        Step::Beside("make platform\n".to_owned()),
        Step::Gets("PLANNED x".to_owned()),
        Step::Copies("TO APPROVE".to_owned()),
        Step::Runs("a\nb\n".to_owned()),
    ];
    assert_eq!(steps(page, "## B").unwrap(), expected);
    assert!(steps(page, "## D").is_err());
    assert!(steps("\n## B\n<!-- reader: dances -->\n", "## B").is_err());
    assert!(steps("\n## B\n```sh\nnever ends\n", "## B").is_err());
}

#[test]
fn a_command_is_copied_whole_and_only_from_below_its_heading() {
    let mail = "TO APPROVE\n\n  Words:\n\n  echo 'a' | b \\\n    --c\n\nTO UNDO NOW\n\n  echo 'd'\n";
    assert_eq!(command_below(mail, "TO APPROVE").unwrap(), "echo 'a' | b \\\n--c");
    assert_eq!(command_below(mail, "TO UNDO NOW").unwrap(), "echo 'd'");
    assert!(command_below(mail, "TO DANCE").is_err());
}
