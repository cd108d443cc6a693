//! What can be said on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Runs, checks and serves flows.
#[derive(Parser)]
#[command(name = "arna", version, about, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Tells more on the error stream; ARNA_LOG chooses more finely.
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Runs a flow once, now, and prints the records of its end ports.
    Run(Once),
    /// Runs a flow with every outgoing effect held, and prints what it would send.
    Rehearse(Once),
    /// Says what is wrong with flows.
    Check(Check),
    /// Runs the cases beside flows and shows what came out differently.
    Test(Test),
    /// Runs the engine: schedules, webhooks, and with --admin the commands and the editor.
    Serve(Serve),
    /// Lists, arms, imports and exports flows.
    Flows(Flows),
    /// Lists and shows runs.
    Runs(Runs),
    /// Lists failed records, sends them again or discards them.
    Failed(Failed),
    /// Lists, saves, tests and deletes connections.
    Connections(Connections),
    /// Lists what people decided here, and checks that the trail of it is whole.
    Audit(Audit),
    /// Carries out one command of the contract.
    Call(Call),
    /// Evaluates formulas: JSON lines in, JSON lines out.
    Formula(Formula),
}

/// Where the journal is.
#[derive(Args)]
pub(crate) struct Place {
    /// The data folder; of this user unless said.
    // global: it may stand before or after the word that says what to do
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Once {
    /// The flow file, or its folder.
    pub(crate) flow: PathBuf,
    /// Records to start with: a JSON object, an array, or JSON lines; - reads the standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// The trigger to start at; the first one unless said.
    #[arg(long, value_name = "NODE")]
    pub(crate) trigger: Option<String>,
    /// Fills a slot: a path, a value, a connection's name or its address.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) sets: Vec<(String, String)>,
    /// Allows what the flow names itself: host:NAME, folder:PATH:read, folder:PATH:read_write, or everything.
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) allow: Vec<String>,
    /// Keeps the journal here; a folder that is deleted afterwards unless said.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Prints one JSON object about the run instead of its end records.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Check {
    /// Flow files, or their folders.
    #[arg(required = true)]
    pub(crate) flows: Vec<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Test {
    /// Flow files, their folders, or folders of such folders; `flows` unless said.
    pub(crate) places: Vec<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Serve {
    /// The data folder; of this user unless said.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Where webhooks are taken.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7420")]
    pub(crate) hooks: SocketAddr,
    /// Serves the commands and the editor here, for who has the token.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) admin: Option<SocketAddr>,
    /// The folder of the built editor.
    #[arg(long, value_name = "DIR")]
    pub(crate) ui: Option<PathBuf>,
    /// The folder of flows that are offered.
    #[arg(long, value_name = "DIR")]
    pub(crate) gallery: Option<PathBuf>,
    /// Takes in a flow file and arms it.
    #[arg(long = "flow", value_name = "FILE")]
    pub(crate) flows: Vec<PathBuf>,
    /// Fills a slot of these flows.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) sets: Vec<(String, String)>,
    /// Allows what these flows name themselves: host:NAME, folder:PATH:read, folder:PATH:read_write, or everything.
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) allow: Vec<String>,
    /// Prints what it says as JSON lines.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Flows {
    #[command(subcommand)]
    pub(crate) what: Option<FlowsWhat>,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum FlowsWhat {
    /// Makes a flow's triggers live. A changed flow whose cases come out differently stays as it was.
    Arm {
        /// The flow's id.
        flow: String,
        /// Goes live although cases come out differently.
        #[arg(long)]
        accept_differences: bool,
    },
    /// Stops a flow's triggers.
    Disarm {
        /// The flow's id.
        flow: String,
    },
    /// Takes in a flow file; it may touch nothing yet.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Prints a flow as one file.
    Export {
        /// The flow's id.
        flow: String,
    },
    /// Lists the times at which a flow was due, and what became of each.
    Times {
        /// The flow's id.
        flow: String,
        /// At most so many.
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Deletes a flow.
    Delete {
        /// The flow's id.
        flow: String,
    },
}

#[derive(Args)]
pub(crate) struct Audit {
    /// At most so many lines.
    #[arg(long)]
    pub(crate) limit: Option<u32>,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args)]
pub(crate) struct Runs {
    #[command(subcommand)]
    pub(crate) what: Option<RunsWhat>,
    /// Only of this flow.
    #[arg(long, value_name = "ID")]
    pub(crate) flow: Option<String>,
    /// Only runs that touched this business value.
    #[arg(long)]
    pub(crate) value: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum RunsWhat {
    /// Shows a run.
    Show {
        /// The run.
        run: String,
    },
    /// Sets a run to work again that was held back after three crashes.
    Release {
        /// The run.
        run: String,
    },
    /// Stops a run cleanly.
    Cancel {
        /// The run.
        run: String,
    },
}

#[derive(Args)]
pub(crate) struct Failed {
    #[command(subcommand)]
    pub(crate) what: Option<FailedWhat>,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum FailedWhat {
    /// Sends failed records again.
    Retry {
        /// Ids of records, or names of groups.
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Takes failed records out of the inbox.
    Discard {
        /// Ids of records, or names of groups.
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

#[derive(Args)]
pub(crate) struct Connections {
    #[command(subcommand)]
    pub(crate) what: Option<ConnectionsWhat>,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum ConnectionsWhat {
    /// Makes or changes a connection. A secret is read from a file, never from the command line.
    Save {
        /// Its name.
        name: String,
        /// http, postgres, sqlite or rabbitmq.
        #[arg(long)]
        kind: String,
        /// A setting.
        #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
        sets: Vec<(String, String)>,
        /// A secret, from the first line of a file.
        #[arg(long = "secret", value_name = "NAME=FILE", value_parser = pair)]
        secrets: Vec<(String, String)>,
    },
    /// Asks the system whether it answers.
    Test {
        /// Its name.
        name: String,
    },
    /// Deletes a connection and its secrets.
    Delete {
        /// Its name.
        name: String,
    },
}

#[derive(Args)]
pub(crate) struct Call {
    /// The command's name, as in the contract.
    pub(crate) name: String,
    /// Its parameters, a JSON object; - reads the standard input.
    pub(crate) params: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Formula {
    #[command(subcommand)]
    pub(crate) what: Option<FormulaWhat>,
    /// Lines hold a JSONPath and a document instead of a formula and its context.
    #[arg(long)]
    pub(crate) jsonpath: bool,
    /// The time that now() gives, as 2026-01-05T09:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<String>,
    /// Answers are JSON in any case; taken so that every command has it.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum FormulaWhat {
    /// Evaluates one formula for each record, and prints a result a line.
    Eval(Eval),
}

#[derive(Args)]
pub(crate) struct Eval {
    /// The formula, as a flow has it; the = before it may be left away.
    #[arg(allow_hyphen_values = true)]
    pub(crate) formula: String,
    /// Records: a JSON object, an array, or JSON lines; - reads the standard input. An empty record unless said.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Tells what the formula reads, the type of its result and whether that can be empty, for records like the first.
    #[arg(long)]
    pub(crate) explain: bool,
    /// The time that now() gives, as 2026-01-05T09:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<String>,
    /// Prints {"value": ..} or {"error": ..} a record; dates and the like as {"$date": ..}.
    #[arg(long)]
    pub(crate) json: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.into(), value.into()))
}
