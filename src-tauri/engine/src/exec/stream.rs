//! A streaming run: one task a stage, batches over bounded wires, nothing ever whole in memory.

use std::sync::Arc;

use async_trait::async_trait;
use model::Record;
use sdk::{Behaviour, Code, NodeError};
use tokio::task::JoinSet;

use super::acting::Acting;
use super::entrance::Entrance;
use super::group::{Group, Leave};
use super::reading::{Emit, ReadingStage};
use super::run::Run;
use super::wire::{Receiver, Sender, wire};
use crate::program::{Entry, Stage, Target};

type Senders = Arc<Vec<Option<Sender>>>;

/// Runs all stages from where records enter. What fails is noted in the run.
pub(crate) async fn run(run: &Arc<Run>, from: impl Into<Entrance>, records: Vec<Record>) {
    let from = from.into();
    let route = run.program.route(from);
    let spilling: Vec<bool> = {
        // one wire more than the program has: by it records enter in the middle
        let mut spilling = vec![false; run.program.wires + 1];
        for entry in route.stages.iter().flat_map(|it| &it.entries) {
            spilling[entry.wire] = entry.spills;
        }
        spilling
    };
    let mut senders: Vec<Option<Sender>> = Vec::with_capacity(spilling.len());
    let mut receivers: Vec<Option<Receiver>> = Vec::with_capacity(spilling.len());
    for spills in spilling {
        let (sender, receiver) = wire(spills);
        senders.push(Some(sender));
        receivers.push(Some(receiver));
    }
    let mut tasks = JoinSet::new();
    for stage in &route.stages {
        let inputs: Vec<(Entry, Receiver)> =
            stage.entries.iter().filter_map(|it| Some((*it, receivers[it.wire].take()?))).collect();
        let outputs = leaving(run, &stage.nodes, &mut senders);
        spawn(&mut tasks, run, stage.clone(), inputs, outputs);
    }
    let start: Vec<Sender> =
        from.wires(&run.program).iter().filter_map(|it| senders[it.wire].take()).collect();
    drop(senders);
    let begun = enter(run, from, records, &start).await;
    drop(start);
    if let Err(error) = begun {
        run.stop(from.node(), error);
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            let sentence = "A step broke down; this is a mistake in Arna, not in the flow.";
            run.stop(0, NodeError::new(Code::Internal, sentence).because(error));
        }
    }
}

async fn enter(run: &Run, from: Entrance, records: Vec<Record>, start: &[Sender]) -> Result<(), NodeError> {
    if records.is_empty() {
        return Ok(());
    }
    from.note(run, &records)?;
    for sender in start {
        sender.send(records.clone()).await?;
    }
    Ok(())
}

/// The senders of the wires that leave these nodes to others.
fn leaving(run: &Run, nodes: &[usize], senders: &mut [Option<Sender>]) -> Senders {
    let mut own: Vec<Option<Sender>> = senders.iter().map(|_| None).collect();
    for target in nodes.iter().flat_map(|it| run.program.nodes[*it].targets.iter().flatten()) {
        if !nodes.contains(&target.node) || nodes.len() == 1 {
            own[target.wire] = senders[target.wire].take();
        } else {
            senders[target.wire] = None;
        }
    }
    Arc::new(own)
}

async fn emit_all(
    run: &Run,
    from: (usize, usize),
    records: Vec<Record>,
    senders: &Senders,
) -> Result<(), NodeError> {
    run.note_emitted(from.0, from.1, &records)?;
    send(run, from, records, senders).await
}

async fn send(
    run: &Run,
    from: (usize, usize),
    records: Vec<Record>,
    senders: &Senders,
) -> Result<(), NodeError> {
    if records.is_empty() {
        return Ok(());
    }
    for target in &run.program.nodes[from.0].targets[from.1] {
        send_on(senders, *target, records.clone()).await?;
    }
    Ok(())
}

fn spawn(
    tasks: &mut JoinSet<()>,
    run: &Arc<Run>,
    stage: Stage,
    inputs: Vec<(Entry, Receiver)>,
    senders: Senders,
) {
    let run = run.clone();
    let head = stage.nodes[0];
    match &run.program.nodes[head].behaviour {
        Behaviour::Transform(_) => {
            let handle = tokio::runtime::Handle::current();
            tasks.spawn_blocking(move || {
                // a blocking thread may wait for a full wire; the other stages go on
                let result = transform(&run, &stage, inputs, &senders, &handle);
                drop(senders);
                if let Err(error) = result {
                    run.stop(head, error);
                }
            });
        }
        Behaviour::Action(_) => {
            tasks.spawn(async move {
                let result = act(&run, head, inputs, &senders).await;
                drop(senders);
                if let Err(error) = result {
                    run.stop(head, error);
                }
            });
        }
        Behaviour::Source(_) => {
            tasks.spawn(async move {
                let result = read(&run, &stage, inputs, senders).await;
                if let Err(error) = result {
                    run.stop(head, error);
                }
            });
        }
        Behaviour::Trigger(_) => {}
    }
}

/// The next batch of a wire, or none when it ended; an error when the run was cancelled meanwhile.
async fn receive(run: &Run, receiver: &mut Receiver) -> Result<Option<Vec<Record>>, NodeError> {
    tokio::select! {
        biased;
        () = run.cancel.cancelled() => { run.check()?; Ok(None) }
        received = receiver.receive() => received,
    }
}

struct SendAway<'a>(&'a Senders);

impl Leave for SendAway<'_> {
    fn leave(&mut self, target: Target, records: Vec<Record>) -> Result<(), NodeError> {
        match &self.0[target.wire] {
            Some(sender) => sender.send_blocking(records),
            None => Ok(()),
        }
    }
}

fn transform(
    run: &Arc<Run>,
    stage: &Stage,
    inputs: Vec<(Entry, Receiver)>,
    senders: &Senders,
    handle: &tokio::runtime::Handle,
) -> Result<(), NodeError> {
    let mut group = Group::open(run, &stage.nodes)?;
    let mut away = SendAway(senders);
    let count = inputs.len();
    let ports: Vec<usize> = inputs.iter().map(|(entry, _)| entry.port).collect();
    for (at, (entry, mut receiver)) in inputs.into_iter().enumerate() {
        while let Some(records) = handle.block_on(receive(run, &mut receiver))? {
            group.take(entry.node, entry.port, records, &mut away)?;
        }
        if at + 1 == count || ports[at + 1] != entry.port {
            group.end(entry.node, entry.port, &mut away)?;
        }
    }
    run.check()?;
    group.finish(&mut away)
}

async fn act(
    run: &Arc<Run>,
    node: usize,
    inputs: Vec<(Entry, Receiver)>,
    senders: &Senders,
) -> Result<(), NodeError> {
    let mut acting = Acting::open(run, node)?;
    let error_port = run.program.nodes[node].error_port();
    for (_, mut receiver) in inputs {
        while let Some(records) = receive(run, &mut receiver).await? {
            let acted = acting.take(records).await?;
            emit_all(run, (node, 0), acted.out, senders).await?;
            emit_all(run, (node, error_port), acted.errors, senders).await?;
        }
    }
    run.check()?;
    let acted = acting.finish().await?;
    emit_all(run, (node, 0), acted.out, senders).await
}

/// Passes on what a source reads: through the sieves of its stage, then along wires.
struct SendFrom<'a> {
    run: &'a Run,
    node: usize,
    senders: &'a Senders,
    sieves: Option<Group>,
}

/// Batches that left the sieves and wait for room on their wires.
#[derive(Default)]
struct Leaving(Vec<(Target, Vec<Record>)>);

impl Leave for Leaving {
    fn leave(&mut self, target: Target, records: Vec<Record>) -> Result<(), NodeError> {
        self.0.push((target, records));
        Ok(())
    }
}

async fn send_on(senders: &Senders, target: Target, records: Vec<Record>) -> Result<(), NodeError> {
    match &senders[target.wire] {
        Some(sender) => sender.send(records).await,
        None => Ok(()),
    }
}

async fn send_all(senders: &Senders, leaving: Leaving) -> Result<(), NodeError> {
    for (target, records) in leaving.0 {
        send_on(senders, target, records).await?;
    }
    Ok(())
}

#[async_trait]
impl Emit for SendFrom<'_> {
    async fn emit(&mut self, port: usize, records: Vec<Record>) -> Result<(), NodeError> {
        let targets = &self.run.program.nodes[self.node].targets[port];
        let Some((last, others)) = targets.split_last() else { return Ok(()) };
        for target in others {
            self.pass(*target, records.clone()).await?;
        }
        self.pass(*last, records).await
    }
}

impl SendFrom<'_> {
    async fn pass(&mut self, target: Target, records: Vec<Record>) -> Result<(), NodeError> {
        let mut leaving = Leaving::default();
        match &mut self.sieves {
            Some(sieves) if sieves.holds(target.node) => {
                sieves.take(target.node, target.port, records, &mut leaving)?;
            }
            _ => leaving.0.push((target, records)),
        }
        send_all(self.senders, leaving).await
    }

    /// The source has ended: so do its sieves.
    async fn finish(&mut self) -> Result<(), NodeError> {
        let Some(sieves) = &mut self.sieves else { return Ok(()) };
        let mut leaving = Leaving::default();
        sieves.end_all(&mut leaving)?;
        send_all(self.senders, leaving).await
    }
}

async fn read(
    run: &Arc<Run>,
    stage: &Stage,
    inputs: Vec<(Entry, Receiver)>,
    senders: Senders,
) -> Result<(), NodeError> {
    let Some((node, sieves)) = stage.nodes.split_first() else { return Ok(()) };
    let mut reading = ReadingStage::open(run, *node)?;
    let sieves = if sieves.is_empty() { None } else { Some(Group::open(run, sieves)?) };
    let mut emit = SendFrom { run, node: *node, senders: &senders, sieves };
    for (_, mut receiver) in inputs {
        while let Some(records) = receive(run, &mut receiver).await? {
            reading.take(records, &mut emit).await?;
        }
    }
    run.check()?;
    emit.finish().await
}
