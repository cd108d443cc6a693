//! What the tests of nodes share.

use sdk::testing::{Collected, World};
use sdk::{Batch, Node, NodeError, Out, Record, Roots, Source, Transform, Value, Writing};

/// A node from its configuration.
pub(crate) fn node<N: Node>(config: &str) -> N {
    serde_json::from_str(config).expect("the configuration fits")
}

/// Records from a JSON list.
pub(crate) fn rows(json: &str) -> Vec<Record> {
    let Value::List(list) = model::json::parse(json.as_bytes()).expect("JSON") else { panic!("a list is needed") };
    list.iter().map(|it| it.as_record().expect("a record").clone()).collect()
}

/// Runs a transform over the records of its input ports, the ports that are read first before the others.
pub(crate) fn flow<T: Node + Transform, const PORTS: usize>(it: &T, input: [Vec<Record>; PORTS]) -> Collected {
    flow_within(it, input, 24 << 20)
}

/// The same with a share of memory.
pub(crate) fn flow_within<T: Node + Transform, const PORTS: usize>(
    it: &T,
    input: [Vec<Record>; PORTS],
    share_bytes: usize,
) -> Collected {
    let ports = it.ports();
    let mut sink = Collected::new(ports.outputs.len());
    sink.share_bytes = share_bytes;
    let mut flowing = it.open(&Roots::default()).expect("it opens");
    let mut run = || -> Result<(), NodeError> {
        let mut out = Out::new(&mut sink, ports.outputs.len());
        for first in [true, false] {
            for (port, records) in input.iter().enumerate() {
                if ports.inputs[port].is_read_first != first {
                    continue;
                }
                for (seq, part) in records.chunks(100).enumerate() {
                    flowing.take(port, Batch::new(seq as u64, part.to_vec()), &mut out)?;
                    out.flush()?;
                }
                flowing.end(port, &mut out)?;
            }
        }
        flowing.finish(&mut out)?;
        out.flush()
    };
    run().expect("it runs");
    sink
}

/// All that a source gives: records, failed ones, and the error that ended it.
pub(crate) async fn read(
    it: &impl Source,
    world: &World,
) -> (Vec<Record>, Vec<(Record, NodeError)>, Option<NodeError>) {
    let wanted = crate::columns::everything();
    let (mut records, mut failed) = (Vec::new(), Vec::new());
    let mut cursor = match it.open(&Record::empty(), &wanted, world).await {
        Ok(cursor) => cursor,
        Err(error) => return (records, failed, Some(error)),
    };
    loop {
        match cursor.next(world).await {
            Ok(Some(page)) => {
                records.extend(page.records);
                failed.extend(page.failed);
            }
            Ok(None) => return (records, failed, None),
            Err(error) => return (records, failed, Some(error)),
        }
    }
}

/// Writes records and commits; the answer is what the writer says of itself.
pub(crate) async fn write(
    opened: Result<Box<dyn Writing>, NodeError>,
    records: &[Record],
    world: &World,
) -> Result<Value, NodeError> {
    let mut writing = opened?;
    for part in records.chunks(100) {
        writing.write(part, world).await?;
    }
    writing.commit(world).await
}
