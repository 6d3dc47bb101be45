//! `platform`: brings the local platform up, shows how to reach it, and plays the demo.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand};
use day2_platform::demo::{self, Act, Console};
use day2_platform::deploy::{self, repository};
use day2_platform::example;
use day2_platform::letters::Letters;
use day2_platform::platform::{self, Platform};
use day2_platform::requests::{self, Request, Requests};
use day2_platform::rights;
use tokio::signal::unix::{SignalKind, signal};

/// The local platform: a real Kubernetes control plane and an AWS emulator on loopback ports.
#[derive(Debug, Parser)]
#[command(name = "platform", version)]
struct Arguments {
    /// Folder for state, logs and reports; a platform of its own in each. Default: .day2 in the checkout.
    #[arg(long, global = true, value_name = "DIR")]
    state: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts everything, makes the world, and stays until Ctrl-C.
    Up {
        /// Leave cluster and AWS account empty.
        #[arg(long)]
        empty: bool,
        /// Deploy the functions with Terraform as well.
        #[arg(long, conflicts_with = "empty")]
        deploy: bool,
    },
    /// Makes the world on a platform that was started with `up --empty`.
    Seed,
    /// Prints what aws, kubectl and terraform need: eval "$(platform env)".
    Env,
    /// Packs all functions for this machine, as `make package` does for AWS; `example` names the folder.
    Package,
    /// Prints an example of infra/examples with the cluster, the VPC and the endpoint of the running platform.
    Example {
        /// The example's terraform.tfvars.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Brings trouble over the running platform, or ends it.
    Trouble {
        /// Which.
        #[arg(value_enum)]
        which: Trouble,
    },
    /// Compares what functions may do with what they did while tests and demo ran with `DAY2_RECORDS`.
    Rights {
        /// The folder that `DAY2_RECORDS` named.
        #[arg(long, value_name = "DIR")]
        records: PathBuf,
    },
    /// Plays the demo: mornings that are well, broken and mended, alarms that are acted on, a pod that mines.
    Demo {
        /// Leave everything up at the end, until Ctrl-C.
        #[arg(long)]
        keep: bool,
        /// Play only these acts, in the order of the story; without it all.
        #[arg(long, value_enum, value_delimiter = ',')]
        acts: Vec<Act>,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Trouble {
    /// Connections of the database's writer climb until its alarm rings.
    Connections,
    /// They are as on any day again.
    Over,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Whoever loses is dropped, and with it every process that it started.
    let outcome = tokio::select! {
        outcome = run(arguments) => outcome,
        () = asked_to_stop() => return ExitCode::from(130),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "\nplatform: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let state = arguments.state.unwrap_or_else(|| repository().join(".day2"));
    match arguments.command {
        Command::Up { empty, deploy } => up(state, empty, deploy).await,
        Command::Seed => {
            let console = Console::new();
            console.step("making the platform prod-a");
            requests::ask(&state, Request::Seed).await?;
            console.step("made");
            Ok(())
        }
        Command::Env => {
            let text = platform::environment(&state)?;
            Ok(std::io::stdout().write_all(text.as_bytes())?)
        }
        Command::Package => deploy::pack(&deploy::functions()?, &platform::packages(&state)?).await,
        Command::Example { file } => {
            let text = example::fitted(&state, &file)?;
            Ok(std::io::stdout().write_all(text.as_bytes())?)
        }
        Command::Trouble { which } => {
            let request = match which {
                Trouble::Connections => Request::Connections,
                Trouble::Over => Request::Over,
            };
            requests::ask(&state, request).await
        }
        Command::Rights { records } => rights(&records),
        Command::Demo { keep, acts } => demo::run(&state, &acts, keep, &Console::new()).await,
    }
}

/// Prints a table, and ends with an error that names every right too many or too few.
fn rights(records: &Path) -> Result<()> {
    let compared = rights::compare_records(records, &repository())?;
    write!(std::io::stdout(), "{compared}")?;
    let complaints = compared.complaints();
    ensure!(
        complaints.is_empty(),
        "what functions may do is not what they did:\n{}\nA right that nothing used is taken away, or used by a test; what no test \
         can show stands with its reason in {}. A call is allowed in permissions.json or rbac.yaml, or not made.",
        complaints.join("\n"),
        rights::exceptions::FILE
    );
    Ok(())
}

async fn up(state: PathBuf, empty: bool, deploy: bool) -> Result<()> {
    let console = Console::new();
    console.step("starting");
    let platform = Platform::start(&state).await?;
    let mut world = if empty {
        None
    } else {
        console.step("making the platform prod-a");
        Some(platform.seed().await?)
    };
    let deployment = match &world {
        Some(world) if deploy => {
            console.step("deploying scale-window with Terraform");
            Some(platform.deploy(world, console.progress()).await?)
        }
        _ => None,
    };
    let requests = Requests::open(&platform).await?;
    let letters = Letters::into(&platform::mails(&state), &platform.emulator)?;
    console.step("up; in another shell:");
    console.note(&platform::how_to_poke(&state));
    console.note("Ctrl-C ends it");
    let told = |mail: &_, path: &std::path::Path| {
        console.step(&format!("a mail came: {}", path.display()));
        console.mail(mail);
    };
    tokio::join!(
        requests.serve(&platform, &mut world),
        letters.deliver(&platform.emulator, told)
    );
    drop(deployment);
    Ok(())
}

/// Ends with Ctrl-C or SIGTERM.
async fn asked_to_stop() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
