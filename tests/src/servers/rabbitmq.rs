//! RabbitMQ.

use std::path::Path;
use std::process::{Command, Stdio};

use super::process::{Process, folder, free_port, program};

/// A node of its own, with the user `guest`.
pub struct RabbitMq {
    process: Option<Process>,
    /// Where it listens on loopback.
    pub port: u16,
    names_port: u16,
}

impl RabbitMq {
    /// Starts it; that takes about ten seconds.
    ///
    /// # Panics
    /// It is not installed or does not come up.
    pub fn start() -> RabbitMq {
        RabbitMq::started(false)
    }

    /// Starts it so that it takes encrypted lines only, with a certificate for 127.0.0.1 of an authority of its own.
    ///
    /// # Panics
    /// It is not installed or does not come up.
    pub fn start_encrypted() -> RabbitMq {
        RabbitMq::started(true)
    }

    /// The certificate of the authority, when it was started with one.
    ///
    /// # Panics
    /// It was not.
    pub fn authority(&self) -> String {
        let process = self.process.as_ref().expect("the node runs until it is dropped");
        std::fs::read_to_string(process.folder.path().join("ca.pem")).expect("the certificate is there")
    }

    fn started(is_encrypted: bool) -> RabbitMq {
        // The script on the PATH changes the user and the log folder; this one does not.
        let server = program(&["/usr/lib/rabbitmq/bin/rabbitmq-server".into()], "rabbitmq-server");
        let folder = folder();
        let (port, names_port) = (free_port(), free_port());
        let config = folder.path().join("rabbitmq.conf");
        let mut listeners = format!("listeners.tcp.1 = 127.0.0.1:{port}\n");
        if is_encrypted {
            super::nginx::certificates(folder.path());
            listeners = format!("listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:{port}\n");
            for (name, file) in
                [("cacertfile", "ca.pem"), ("certfile", "server.pem"), ("keyfile", "server.key")]
            {
                listeners += &format!("ssl_options.{name} = {}\n", folder.path().join(file).display());
            }
            listeners += "ssl_options.verify = verify_none\nssl_options.fail_if_no_peer_cert = false\n";
        }
        std::fs::write(&config, listeners).expect("the folder of a server is writable");
        std::fs::write(folder.path().join("plugins"), "[].").expect("the folder of a server is writable");
        let mut command = Command::new(server);
        environment(&mut command, folder.path(), names_port);
        command
            .env("RABBITMQ_CONFIG_FILE", &config)
            .env("RABBITMQ_MNESIA_BASE", folder.path().join("db"))
            .env("RABBITMQ_LOG_BASE", folder.path().join("log"))
            .env("RABBITMQ_DIST_PORT", free_port().to_string())
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.path().join("plugins"))
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}");
        let mut process = Process::start(command, folder);
        process.wait_for(port, "RabbitMQ");
        RabbitMq { process: Some(process), port, names_port }
    }

    /// Runs a command of `rabbitmqctl`, such as closing all connections.
    pub fn control(&self, arguments: &[&str]) {
        let mut command =
            Command::new(program(&["/usr/lib/rabbitmq/bin/rabbitmqctl".into()], "rabbitmq-server"));
        let process = self.process.as_ref().expect("the node runs until it is dropped");
        environment(&mut command, process.folder.path(), self.names_port);
        super::process::run(command.args(arguments));
    }
}

fn environment(command: &mut Command, folder: &Path, names_port: u16) {
    command
        .env("RABBITMQ_NODENAME", format!("arna{names_port}@localhost"))
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("ERL_EPMD_PORT", names_port.to_string())
        .env("HOME", folder)
        .current_dir(folder);
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        // The server of names was started beside the node and would stay behind. It ends when asked, once the node is gone.
        drop(self.process.take());
        let ask = ["-port", &self.names_port.to_string(), "-kill"];
        let _ = Command::new("epmd")
            .env("ERL_EPMD_RELAXED_COMMAND_CHECK", "1")
            .args(ask)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}
