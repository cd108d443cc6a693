//! PostgreSQL.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{Process, folder, free_port, is_root, program, run};

/// A cluster of its own, with the user `arna` and a password that needs care.
pub struct Postgres {
    process: Process,
    /// Where it listens on loopback.
    pub port: u16,
}

impl Postgres {
    /// The password of the user `arna`.
    pub const PASSWORD: &str = "pä ss/w@rd";

    /// Starts it.
    ///
    /// # Panics
    /// It is not installed or does not come up.
    pub fn start() -> Postgres {
        Postgres::started(&[])
    }

    /// Starts it with a certificate for 127.0.0.1 of an authority of its own; it listens at 127.0.0.2 as well, which is not in it.
    ///
    /// # Panics
    /// It is not installed or does not come up.
    pub fn start_encrypted() -> Postgres {
        let settings = [
            "listen_addresses=127.0.0.1,127.0.0.2",
            "ssl=on",
            "ssl_cert_file=../server.pem",
            "ssl_key_file=../server.key",
        ];
        Postgres::started(&settings)
    }

    /// The certificate of the authority, when it was started with one.
    ///
    /// # Panics
    /// It was not.
    pub fn authority(&self) -> String {
        std::fs::read_to_string(self.process.folder.path().join("ca.pem")).expect("the certificate is there")
    }

    fn started(settings: &[&str]) -> Postgres {
        let folder = folder();
        if !settings.is_empty() {
            super::nginx::certificates(folder.path());
        }
        let data = folder.path().join("data");
        let password = folder.path().join("password");
        std::fs::write(&password, Postgres::PASSWORD).expect("the folder of a server is writable");
        if is_root() {
            run(Command::new("chown").args(["-R", "postgres"]).arg(folder.path()));
        }
        run(as_owner("initdb")
            .args([
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--username=arna",
                "--no-sync",
            ])
            .arg("--pwfile")
            .arg(&password)
            .arg("-D")
            .arg(&data));
        let port = free_port();
        let mut command = as_owner("postgres");
        command.arg("-D").arg(&data).args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
        ]);
        for setting in settings {
            command.args(["-c", setting]);
        }
        command.arg("-c").arg(format!("unix_socket_directories={}", folder.path().display()));
        // The fast way to stop, which does not wait for clients.
        let mut process = Process::start(command, folder).stopped_by("-INT");
        process.wait_for(port, "PostgreSQL");
        // It takes connections before it takes statements.
        let folder = process.folder.path().to_owned();
        process.wait_until("PostgreSQL", || {
            psql(&folder, port).args(["-c", "select 1"]).output().is_ok_and(|it| it.status.success())
        });
        Postgres { process, port }
    }

    /// Runs statements as the user `arna`.
    pub fn execute(&self, sql: &str) {
        run(self.psql().args(["-q", "-v", "ON_ERROR_STOP=1", "-c", sql]));
    }

    /// The rows of a statement as text, cells separated by `|`.
    pub fn rows(&self, sql: &str) -> String {
        let output = self.psql().args(["-At", "-c", sql]).output().expect("psql starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn psql(&self) -> Command {
        psql(self.process.folder.path(), self.port)
    }
}

fn psql(folder: &Path, port: u16) -> Command {
    let mut command = Command::new(binary("psql"));
    command.env("PGPASSWORD", Postgres::PASSWORD).current_dir(folder);
    command.args(["-X", "-h", "127.0.0.1", "-U", "arna", "-d", "postgres", "-p", &port.to_string()]);
    command
}

fn binary(name: &str) -> PathBuf {
    let mut places = Vec::new();
    if let Some(folder) = std::env::var_os("ARNA_POSTGRES").filter(|it| !it.is_empty()) {
        places.push(PathBuf::from(folder).join(name));
    }
    for version in (13..=20).rev() {
        places.push(format!("/usr/lib/postgresql/{version}/bin/{name}").into());
    }
    places.push(name.into());
    program(&places, "postgresql")
}

/// PostgreSQL refuses to run as the administrator; there is a user for it then.
fn as_owner(name: &str) -> Command {
    let binary = binary(name);
    if !is_root() {
        return Command::new(binary);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(binary).current_dir("/");
    command
}
