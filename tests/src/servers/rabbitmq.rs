//! RabbitMQ.

use std::path::Path;
use std::process::{Command, Stdio};

use super::process::{Process, folder, free_port, program};

/// A node of its own, with the user `guest`.
pub struct RabbitMq {
    process: Process,
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
        // The script on the PATH changes the user and the log folder; this one does not.
        let server = program(&["/usr/lib/rabbitmq/bin/rabbitmq-server".into()], "rabbitmq-server");
        let folder = folder();
        let (port, names_port) = (free_port(), free_port());
        let config = folder.path().join("rabbitmq.conf");
        std::fs::write(&config, format!("listeners.tcp.1 = 127.0.0.1:{port}\n")).expect("the folder of a server is writable");
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
        RabbitMq { process, port, names_port }
    }

    /// Runs a command of `rabbitmqctl`, such as closing all connections.
    pub fn control(&self, arguments: &[&str]) {
        let mut command = Command::new(program(&["/usr/lib/rabbitmq/bin/rabbitmqctl".into()], "rabbitmq-server"));
        environment(&mut command, self.process.folder.path(), self.names_port);
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
        // The server of names was started beside the node and would stay behind: it ends when asked by its port.
        let ask = ["-port", &self.names_port.to_string(), "-kill"];
        let _ = Command::new("epmd").env("ERL_EPMD_RELAXED_COMMAND_CHECK", "1").args(ask).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
