//! The `arna` program: runs, checks and serves flows, and asks a running engine.
//!
//! Exit codes are a promise to scripts; see docs/guide/cli.md.

mod arguments;
mod ask;
mod cases;
mod exit;
mod formula;
mod once;
mod out;
mod progress;
mod serve;

use clap::Parser;

use arguments::{Arguments, Command};
use exit::Exit;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    begin_log(arguments.verbose);
    // every TLS client and listener takes its cryptography from here; a second installation is no harm
    let _first = rustls::crypto::ring::default_provider().install_default().is_ok();
    let outcome = match arguments.command {
        Command::Formula(formula) => formula::run(&formula),
        Command::Check(check) => once::check(&check),
        other => match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(work(other)),
            Err(why) => Err(Exit::internal(format!("The program cannot start its threads: {why}."))),
        },
    };
    match outcome {
        Ok(code) => code.into(),
        Err(exit) => exit.report(),
    }
}

async fn work(command: Command) -> Result<exit::Code, Exit> {
    match command {
        Command::Run(run) => once::run(&run).await,
        Command::Rehearse(run) => once::rehearse(&run).await,
        Command::Serve(serve) => serve::serve(&serve).await,
        Command::Test(test) => cases::test(&test).await,
        Command::Flows(flows) => ask::flows(&flows).await,
        Command::Runs(runs) => ask::runs(&runs).await,
        Command::Failed(failed) => ask::failed(&failed).await,
        Command::Connections(connections) => ask::connections(&connections).await,
        Command::Audit(audit) => ask::audit(&audit).await,
        Command::Call(call) => ask::call(&call).await,
        Command::Formula(formula) => formula::run(&formula),
        Command::Check(check) => once::check(&check),
    }
}

/// The log goes to the error stream, so that the output stays what was asked for. `ARNA_LOG` chooses what is told.
fn begin_log(is_verbose: bool) {
    let usual = if is_verbose { "info" } else { "warn" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("ARNA_LOG").unwrap_or_else(|_| usual.into());
    // colours are for people; a file gets plain `key=value` fields, one event a line
    let is_watched = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_watched)
        .with_target(false)
        .init();
}
