//! The key of the vault in a real keychain: gnome-keyring's Secret Service on a session bus of the test's own.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use arna_tests::arna::program;

const READY: Duration = Duration::from_secs(60);

/// A session of a user who has signed in: a bus and an unlocked keychain.
struct Session {
    bus: Child,
    keyring: Child,
    address: String,
}

impl Session {
    fn start(home: &Path) -> Session {
        std::fs::create_dir_all(home).expect("a folder");
        let mut bus = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address"])
            .arg(format!("--address=unix:dir={}", home.display()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the bus starts");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().expect("its output")).read_line(&mut address).expect("its address");
        let address = address.trim().to_owned();
        let mut keyring = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .env("DBUS_SESSION_BUS_ADDRESS", &address)
            .envs(["HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"].map(|it| (it, home)))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the keychain starts");
        keyring.stdin.take().expect("its input").write_all(b"a password").expect("it is unlocked");
        let session = Session { bus, keyring, address };
        session.wait_until_ready();
        session
    }

    /// Whoever asks before the keychain is there makes the bus start a second one, which is locked.
    fn wait_until_ready(&self) {
        let asked = "org.freedesktop.DBus.NameHasOwner";
        let began = Instant::now();
        loop {
            let said = Command::new("dbus-send")
                .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", asked])
                .arg("string:org.freedesktop.secrets")
                .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
                .output()
                .expect("dbus-send starts");
            if String::from_utf8_lossy(&said.stdout).contains("boolean true") {
                return;
            }
            assert!(began.elapsed() < READY, "the keychain does not come up");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for it in [&mut self.keyring, &mut self.bus] {
            let _was_running = it.kill().is_ok();
            let _code = it.wait().is_ok();
        }
    }
}

struct Said {
    is_ok: bool,
    text: String,
}

/// Asks for the health of an engine with this data folder, in a session or in none.
fn health(data: &Path, session: Option<&Session>) -> Said {
    let address = session.map_or("disabled:", |it| &it.address);
    let output = Command::new(program())
        .args(["call", "health", "--json", "--data"])
        .arg(data)
        .env("DBUS_SESSION_BUS_ADDRESS", address)
        .env_remove("ARNA_PASSPHRASE")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = [output.stdout, output.stderr].concat();
    Said { is_ok: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
}

fn is_kept_in(said: &Said, place: &str) -> bool {
    said.is_ok && said.text.contains(&format!("\"vault\":\"{place}\""))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for file in std::fs::read_dir(from).expect("the data folder").flatten().map(|it| it.path()) {
        if file.is_file() {
            std::fs::copy(&file, to.join(file.file_name().expect("a name"))).expect("a copy");
        }
    }
}

#[test]
fn the_key_lies_in_the_keychain_of_the_user_and_a_copied_folder_is_useless_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let before = health(&data, None);
    assert!(is_kept_in(&before, "key file"), "without a session: {}", before.text);
    let session = Session::start(&folder.path().join("session"));
    let taken = health(&data, Some(&session));
    assert!(is_kept_in(&taken, "keychain"), "the key is not in the keychain: {}", taken.text);
    assert!(!data.join("vault.key").exists(), "the bare key is gone");
    assert!(is_kept_in(&health(&data, Some(&session)), "keychain"), "it opens again");

    let unreachable = health(&data, None);
    assert!(!unreachable.is_ok && unreachable.text.contains("does not answer"), "{}", unreachable.text);
    assert!(!data.join("vault.key").exists(), "nothing falls back to a bare key");

    let copied = folder.path().join("copied");
    copy(&data, &copied);
    let other = Session::start(&folder.path().join("other"));
    let said = health(&copied, Some(&other));
    assert!(!said.is_ok && said.text.contains("is not in the keychain"), "{}", said.text);
    assert!(is_kept_in(&health(&data, Some(&session)), "keychain"), "the first is as it was");
}
