//! The real program `arna`, started and killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The built program: `ARNA_BIN` when set, else built once with the profile of these tests.
///
/// # Panics
/// When it cannot be built.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(path) = std::env::var_os("ARNA_BIN") {
            return path.into();
        }
        let test = std::env::current_exe().expect("the path of this test");
        // target/<profile>/deps/<test>
        let folder = test.ancestors().nth(2).expect("the folder of the profile").to_owned();
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build
            .args(["build", "-p", "arna-cli", "--target-dir"])
            .arg(folder.parent().expect("the target folder"));
        if folder.ends_with("release") {
            build.arg("--release");
        }
        let built = build.status().expect("cargo starts");
        assert!(built.success(), "the program arna was built");
        folder.join(format!("arna{}", std::env::consts::EXE_SUFFIX))
    })
}

/// A running `arna serve`. Dropped, it is killed.
pub struct Server(Child);

impl Server {
    /// Starts one with these arguments after `serve`; its output goes to a file.
    ///
    /// # Panics
    /// When the program does not start.
    pub fn start(arguments: &[&str], log: &Path) -> Server {
        let file = std::fs::File::options().create(true).append(true).open(log).expect("a log file");
        let child = Command::new(program())
            .arg("serve")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a log file"))
            .stderr(file)
            .spawn()
            .expect("the program starts");
        Server(child)
    }

    /// Kills it at once, as a power cut would end it.
    pub fn kill(&mut self) {
        // one that is gone already needs no killing
        let _was_running = self.0.kill().is_ok();
        let _code = self.0.wait().is_ok();
    }

    /// Whether it ended by itself.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(Some(_)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that is free now.
///
/// # Panics
/// When none is.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
