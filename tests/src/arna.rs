//! The real program `arna`, started and killed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value as Json;

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
        Server::start_with(arguments, &[], log)
    }

    /// The same with variables of the environment.
    ///
    /// # Panics
    /// As [`Server::start`].
    pub fn start_with(arguments: &[&str], variables: &[(&str, &str)], log: &Path) -> Server {
        let file = std::fs::File::options().create(true).append(true).open(log).expect("a log file");
        let child = Command::new(program())
            .arg("serve")
            .args(arguments)
            .envs(variables.iter().copied())
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

/// Posts JSON to a port of this machine and reads the answer: its status, and its body as JSON (null when it is none).
///
/// # Errors
/// Nobody answers, or the answer breaks off.
pub fn post(port: u16, path: &str, token: Option<&str>, body: &Json) -> std::io::Result<(u16, Json)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let token = token.map(|it| format!("authorization: Bearer {it}\r\n")).unwrap_or_default();
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{token}content-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let broken = || std::io::Error::other("an answer that broke off");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).ok_or_else(broken)?;
    Ok((status, serde_json::from_str(body).unwrap_or_default()))
}
