//! Web services: httpbin and an OAuth2 provider.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{Process, cache, folder, free_port, program, run};

/// httpbin under gunicorn.
pub struct Httpbin {
    _process: Process,
    /// Where it listens on loopback.
    pub port: u16,
}

impl Httpbin {
    /// Starts it.
    ///
    /// # Panics
    /// It is not installed or does not come up.
    pub fn start() -> Httpbin {
        let mut places = Vec::new();
        if let Some(folder) = std::env::var_os("ARNA_PYTHON").filter(|it| !it.is_empty()) {
            places.push(PathBuf::from(folder).join("bin/gunicorn"));
        }
        places.extend(["python", "venv"].map(|it| cache().join(it).join("bin/gunicorn")));
        let gunicorn = program(&places, "gunicorn with httpbin (PyPI)");
        let port = free_port();
        let mut command = Command::new(gunicorn);
        command.args(["-b", &format!("127.0.0.1:{port}"), "-k", "gthread", "--threads", "8", "httpbin:app"]);
        let mut process = Process::start(command, folder());
        process.wait_for(port, "httpbin");
        Httpbin { _process: process, port }
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The package oidc-provider: gives out tokens and says whether they are valid.
pub struct Oidc {
    _process: Process,
    /// Where it listens on loopback.
    pub port: u16,
}

impl Oidc {
    /// The secret of its clients `arna` (form) and `arna-basic` (basic).
    pub const SECRET: &str = "s3/cr et-which-is-long-enough";

    /// Starts it; its tokens live for so many seconds.
    ///
    /// # Panics
    /// It is not installed or does not come up.
    pub fn start(life_s: u32) -> Oidc {
        let script = installed().join("oidc.mjs");
        let port = free_port();
        let mut command = Command::new(program(&["node".into()], "nodejs"));
        command.arg(script).args([port.to_string(), life_s.to_string()]);
        let mut process = Process::start(command, folder());
        process.wait_for(port, "oidc-provider");
        Oidc { _process: process, port }
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The folder where the packages of npm are installed, exactly as their lock file says.
pub(super) fn installed() -> PathBuf {
    static INSTALLING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _installing = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/servers");
    let target = cache().join("servers");
    let lock = std::fs::read(source.join("package-lock.json")).expect("the lock file is there");
    let stamp = target.join(".arna-lock");
    std::fs::create_dir_all(&target).expect("the cache folder is writable");
    for name in ["package.json", "package-lock.json", "oidc.mjs"] {
        std::fs::copy(source.join(name), target.join(name)).expect("the cache folder is writable");
    }
    if std::fs::read(&stamp).ok().as_deref() != Some(&lock[..]) {
        let npm = program(&["npm".into()], "npm");
        run(Command::new(npm).args(["ci", "--no-audit", "--no-fund"]).current_dir(&target));
        std::fs::write(&stamp, &lock).expect("the cache folder is writable");
    }
    target
}
