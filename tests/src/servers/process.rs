//! A server process: started, waited for, stopped with all that it started.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// A running server and its folder.
pub(super) struct Process {
    child: Child,
    signal: &'static str,
    log: PathBuf,
    /// The server's own folder; it goes with the server.
    pub(super) folder: tempfile::TempDir,
}

impl Process {
    /// Starts a program in a group of its own; its output goes into the folder.
    pub(super) fn start(mut command: Command, folder: tempfile::TempDir) -> Process {
        let log = folder.path().join("output.log");
        let output = std::fs::File::create(&log).expect("the folder of a server is writable");
        let errors = output.try_clone().expect("a file handle can be copied");
        command.stdin(Stdio::null()).stdout(output).stderr(errors).process_group(0);
        let child = command.spawn().unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
        Process { child, signal: "-TERM", log, folder }
    }

    /// Stops by another signal.
    pub(super) fn stopped_by(mut self, signal: &'static str) -> Process {
        self.signal = signal;
        self
    }

    /// Waits until somebody answers on a port.
    pub(super) fn wait_for(&mut self, port: u16, name: &str) {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        self.wait_until(name, || TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok());
    }

    /// Waits until a condition holds; a server that ends before shows what it said.
    pub(super) fn wait_until(&mut self, name: &str, mut is_ready: impl FnMut() -> bool) {
        let until = Instant::now() + Duration::from_secs(120);
        while !is_ready() {
            let ended = self.child.try_wait().ok().flatten();
            if ended.is_some() || Instant::now() > until {
                let said = std::fs::read_to_string(&self.log).unwrap_or_default();
                panic!("{name} did not come up ({ended:?}). It said:\n{said}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let kill = |signal: &str| {
            let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
        };
        kill(self.signal);
        for _ in 0..100 {
            if self.child.try_wait().is_ok_and(|it| it.is_some()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        kill("-KILL");
        let _ = self.child.wait();
    }
}

/// A folder for a server.
pub(super) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("the folder for temporary files is writable")
}

/// The first of these programs that is there; the sentence names the package to install.
pub(super) fn program(places: &[PathBuf], package: &str) -> PathBuf {
    let on_path = |name: &Path| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).map(|it| it.join(name)).find(|it| it.is_file())
    };
    let found = places.iter().find_map(|it| if it.is_absolute() { it.is_file().then(|| it.clone()) } else { on_path(it) });
    found.unwrap_or_else(|| panic!("The package {package} is not installed. Run npm test, which installs it, or install it by hand."))
}

/// The folder where programs for tests are kept between runs.
pub(super) fn cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|it| it.is_absolute());
    let home = || PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache");
    base.unwrap_or_else(home).join("arna")
}

/// Whether this is the administrator, under whom some servers do not run.
pub(super) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("the program id is there");
    id.stdout.trim_ascii() == b"0"
}

/// Runs a program to its end; what it says goes into the failure.
pub(super) fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
