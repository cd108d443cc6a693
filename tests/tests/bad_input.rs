//! What the program says to input and surroundings that cannot work: which thing, where, and what to do; with the right exit code, in
//! bounded memory, and without losing what was accepted.

#![cfg(unix)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use arna_tests::arna::{Server, free_port, post, program};
use arna_tests::sink::Sink;
use serde_json::json;

/// Address space of a command: it must end by itself long before the system would end it, KiB.
const MOST_KIB: u64 = 600 << 10;
const READY: Duration = Duration::from_secs(60);

struct Said {
    code: i32,
    text: String,
}

fn said(output: &Output) -> Said {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Said { code: output.status.code().unwrap_or(-1), text }
}

/// Runs the program with bounded memory.
fn arna(arguments: &[&str]) -> Said {
    let script = format!("ulimit -v {MOST_KIB}; exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(program())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    said(&output)
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_string_lossy().into_owned()
}

fn node(id: &str) -> String {
    format!(r#""{id}": {{ "kind": "list.append", "config": {{}} }}"#)
}

/// A flow with these nodes and wires.
fn flow(nodes: &str, wires: &str) -> String {
    format!(
        "{{ \"arna\": 1, \"name\": \"Broken\",\n\"nodes\": {{ \"start\": {{ \"kind\": \"flow.input\" }},\n{nodes} }},\n\"wires\": [{wires}] }}"
    )
}

#[test]
fn a_broken_flow_file_is_refused_with_what_is_wrong_and_where() {
    let folder = tempfile::tempdir().unwrap();
    let a = node("a");
    let deep = format!("{{ \"arna\": 1, \"name\": {} }}", "[".repeat(10_000) + &"]".repeat(10_000));
    let long = format!("{{ \"arna\": 1, \"name\": \"{}\" }}", "x".repeat(50 << 20));
    // what is in the file, and words that must be said about it
    let broken: &[(&str, String, &[&str])] = &[
        ("not-json", "hello".into(), &["line 1", "value"]),
        ("cut-off", r#"{ "arna": 1, "name": "x", "nodes": {"#.into(), &["line 1"]),
        ("a-list", "[1, 2]".into(), &["line 1"]),
        ("wrong-type", flow(r#""a": { "kind": 7 }"#, ""), &["kind"]),
        ("nodes-list", r#"{ "arna": 1, "name": "x", "nodes": [] }"#.into(), &["nodes"]),
        ("unknown-field", flow(&a.replace("config", "confg"), r#"["start", "a"]"#), &["confg"]),
        ("unknown-config", flow(&a.replace("{}", r#"{ "sped": 1 }"#), r#"["start", "a"]"#), &["sped"]),
        ("unknown-kind", flow(&a.replace("list.append", "list.apend"), r#"["start", "a"]"#), &["list.apend"]),
        ("same-id-twice", flow(&format!("{a},\n{a}"), r#"["start", "a"]"#), &["\"a\""]),
        (
            "cycle",
            flow(&format!("{a}, {}", node("b")), r#"["start", "a"], ["a", "b"], ["b", "a"]"#),
            &["a", "b"],
        ),
        ("wire-to-nowhere", flow(&a, r#"["start", "a"], ["a", "ghost"]"#), &["ghost"]),
        ("port-of-nobody", flow(&a, r#"["start", "a"], ["a.side", "a"]"#), &["side"]),
        ("newer", r#"{ "arna": 99, "name": "x", "nodes": {} }"#.into(), &["99"]),
        ("empty", String::new(), &["line 1"]),
        ("deep", deep, &["deep"]),
        ("long", long, &["MiB"]),
    ];
    for (name, text, words) in broken {
        let path = file(folder.path(), &format!("{name}.flow.json"), text);
        let checked = arna(&["check", &path]);
        assert_eq!(checked.code, 1, "{name}: {}", start(&checked.text));
        for word in *words {
            assert!(
                checked.text.contains(word),
                "{name}: nothing is said of {word}: {}",
                start(&checked.text)
            );
        }
        assert!(checked.text.contains(&format!("{name}.flow.json")), "{name}: the file is named");
        assert!(checked.text.len() < 20_000, "{name}: {} bytes are said", checked.text.len());
        let run = arna(&["run", &path]);
        assert_eq!(run.code, 1, "{name} is not run: {}", start(&run.text));
        let listed = arna(&["check", "--json", &path]);
        let all: serde_json::Value = serde_json::from_str(&listed.text).expect("JSON is printed");
        let sentence = all[0]["diagnostics"][0]["sentence"].as_str().unwrap_or_default();
        assert!(sentence.len() > 10 && sentence.ends_with(['.', '?']), "{name}: {sentence:?} is a sentence");
    }
    let missing = arna(&["check", folder.path().join("none.flow.json").to_str().unwrap()]);
    assert!(missing.code == 1 && missing.text.contains("none.flow.json"), "{}", missing.text);
    proof::note(
        "bad input: flow files",
        &format!(
            "{} broken files, each refused with a sentence and its place, within {} MiB",
            broken.len() + 1,
            MOST_KIB >> 10
        ),
    );
}

fn start(text: &str) -> String {
    text.chars().take(1_500).collect()
}

const HOOK: &str = r#"{ "arna": 1, "name": "Take in",
  "nodes": { "order": { "kind": "webhook.receive", "config": { "path": "orders", "auth": { "by": "none" } } },
             "wait": { "kind": "http.request", "connection": "sink", "config": { "method": "PUT", "url": "/x", "body": "= body" } } },
  "wires": [["order", "wait"]], "slots": { "sink": { "connection": "http" } } }"#;

struct Serving {
    server: Server,
    port: u16,
    log: PathBuf,
}

fn serve(folder: &Path, data: &Path, sink: &str) -> Serving {
    let flow = file(folder, "orders.flow.json", HOOK);
    let (port, log) = (free_port(), folder.join("log"));
    let hooks = format!("127.0.0.1:{port}");
    let sink = format!("sink={sink}");
    let arguments = ["--data", data.to_str().unwrap(), "--hooks", &hooks, "--flow", &flow, "--set", &sink];
    Serving { server: Server::start(&arguments, &log), port, log }
}

/// The same for one that cannot go on: what it says when it ends.
fn serve_to_the_end(folder: &Path, data: &Path) -> Said {
    let flow = file(folder, "refused.flow.json", HOOK);
    let hooks = format!("127.0.0.1:{}", free_port());
    let data = data.to_str().unwrap();
    let sink = "sink=http://127.0.0.1:9";
    arna(&["serve", "--data", data, "--hooks", &hooks, "--flow", &flow, "--set", sink])
}

impl Serving {
    fn story(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        start(&log).to_owned()
    }

    fn wait_until_ready(&mut self) {
        let began = Instant::now();
        while post(self.port, "/hooks/orders", None, &json!({ "ready": true })).is_err() {
            assert!(!self.server.has_ended() && began.elapsed() < READY, "not ready: {}", self.story());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_second_instance_on_the_same_data_folder_is_refused_and_the_first_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut first = serve(folder.path(), &data, "http://127.0.0.1:9");
    first.wait_until_ready();
    let second = serve_to_the_end(folder.path(), &data);
    assert_eq!(second.code, 4, "{}", second.text);
    assert!(second.text.contains(data.to_str().unwrap()), "the folder is named: {}", second.text);
    let (status, _) = post(first.port, "/hooks/orders", None, &json!({ "n": 1 })).unwrap();
    assert_eq!(status, 202, "the first goes on");
    proof::note(
        "bad input: second instance",
        "refused with exit code 4 and the folder's name; the first went on",
    );
}

/// Whether this user may write anywhere: then a folder without write permission stops nobody.
fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id");
    output.stdout.starts_with(b"0")
}

/// A small disk of its own, unmounted when dropped; none when this user may not mount.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, options: &str) -> Option<SmallDisk> {
        std::fs::create_dir_all(at).expect("a folder");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).output();
        mounted.is_ok_and(|it| it.status.success()).then(|| SmallDisk(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status().is_ok();
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named_and_nothing_is_made_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("sealed");
    let disk = SmallDisk::mount(&place, "size=4m,ro");
    if disk.is_none() {
        if is_root() {
            println!("not shown here: root writes everywhere, and may not mount a disk");
            return;
        }
        std::fs::create_dir_all(&place).unwrap();
        let mut sealed = std::fs::metadata(&place).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut sealed, 0o555);
        std::fs::set_permissions(&place, sealed).unwrap();
    }
    let data = place.join("data");
    let refused = serve_to_the_end(folder.path(), &data);
    assert_eq!(refused.code, 4, "{}", refused.text);
    assert!(refused.text.contains(place.to_str().unwrap()), "the folder is named: {}", refused.text);
    let writes = file(
        folder.path(),
        "write.flow.json",
        r#"{ "arna": 1, "name": "Write", "nodes": { "start": { "kind": "flow.input" },
             "file": { "kind": "json.write", "config": { "path": "{{ slots.out }}/x.json" } } },
             "wires": [["start", "file"]], "slots": { "out": { "folder": "write" } } }"#,
    );
    let run = arna(&["run", &writes, "--set", &format!("out={}", place.display())]);
    assert_eq!(run.code, 1, "{}", run.text);
    assert!(
        run.text.contains("file") && run.text.contains("x.json"),
        "node and file are named: {}",
        run.text
    );
    proof::note(
        "bad input: read-only folder",
        "as data folder refused with exit code 4 and its name; as output the step and file are named",
    );
}

#[test]
fn a_full_disk_refuses_at_the_door_loses_nothing_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    // more than the engine wants to see free before it takes anything
    let Some(disk) = SmallDisk::mount(&folder.path().join("small"), "size=400m") else {
        println!("not shown here: this user may not mount a small disk");
        return;
    };
    let data = disk.0.join("data");
    let sink = Sink::start().unwrap();
    let mut serving = serve(folder.path(), &data, &sink.url());
    serving.wait_until_ready();
    let filler = disk.0.join("filler");
    let mut fills = std::fs::File::create(&filler).expect("a file");
    let padding = "x".repeat(20_000);
    let (mut taken, mut refused) = (Vec::new(), 0);
    for number in 0..2_000 {
        let order = format!("order {number}");
        match post(serving.port, "/hooks/orders", None, &json!({ "orderId": order, "padding": padding })) {
            Ok((202, _)) => taken.push(order),
            Ok((503, answer)) => {
                assert!(answer["message"].as_str().is_some_and(|it| it.len() > 10), "a sentence: {answer}");
                refused += 1;
            }
            other => panic!("{other:?}\n{}", serving.story()),
        }
        if taken.len() % 20 == 19 {
            // from here on there is room for nothing, and nobody has looked yet
            while fills.write_all(&[0; 1 << 16]).is_ok() {}
        }
        if refused >= 5 {
            break;
        }
    }
    assert!(refused >= 5 && taken.len() >= 19, "{} taken, {refused} refused", taken.len());
    assert!(!serving.server.has_ended(), "it goes on");
    std::fs::remove_file(&filler).expect("room again");
    drop(fills);
    let is_taken = || {
        let after = post(serving.port, "/hooks/orders", None, &json!({ "orderId": "after" }));
        after.is_ok_and(|(status, _)| status == 202)
    };
    assert!(comes_true(is_taken), "nothing is taken when there is room again: {}", serving.story());
    taken.push("after".into());
    // what was at work when the disk was full goes on by itself, too
    let missing = || taken.iter().filter(|it| !sink.counts().contains_key(*it)).count();
    assert!(
        comes_true(|| missing() == 0),
        "{} of {} are missing: {}",
        missing(),
        taken.len(),
        serving.story()
    );
    proof::note(
        "bad input: full disk",
        &format!(
            "{} events acknowledged until the disk was full, then refused with 503; 0 lost: when there was room all went on without a restart",
            taken.len()
        ),
    );
}

fn comes_true(mut what: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < READY {
        if what() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}
