//! nginx: slows down who asks too fast, and lets in who shows a certificate.

use std::path::Path;
use std::process::Command;

use super::process::{Process, folder, free_port, program, run};

/// nginx with two ports: one that answers 429, one that asks for a client certificate.
pub struct Nginx {
    process: Process,
    /// Plain HTTP: `/slow/x.json` takes two requests a second and answers 429 beyond.
    pub port: u16,
    /// HTTPS with the certificate of an authority of its own; asks for a client certificate of that authority.
    pub tls_port: u16,
}

impl Nginx {
    /// Starts it.
    ///
    /// # Panics
    /// It is not installed or does not come up.
    pub fn start() -> Nginx {
        let nginx = program(&["/usr/sbin/nginx".into(), "nginx".into()], "nginx-light");
        let folder = folder();
        certificates(folder.path());
        std::fs::create_dir_all(folder.path().join("www/slow")).expect("the folder of a server is writable");
        for name in ["www/slow/x.json", "www/x.json"] {
            std::fs::write(folder.path().join(name), "{\"ok\": true}")
                .expect("the folder of a server is writable");
        }
        let (port, tls_port) = (free_port(), free_port());
        let user = if super::process::is_root() { "user root;" } else { "" };
        let config = format!(
            "{user} daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; types {{ application/json json; }} root www;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  limit_req_zone $server_port zone=slow:1m rate=2r/s; limit_req_status 429;
  server {{ listen 127.0.0.1:{port}; location /slow/ {{ limit_req zone=slow; }} }}
  server {{ listen 127.0.0.1:{tls_port} ssl; ssl_certificate server.pem; ssl_certificate_key server.key;
    ssl_client_certificate ca.pem; ssl_verify_client on; }}
}}"
        );
        std::fs::write(folder.path().join("nginx.conf"), config).expect("the folder of a server is writable");
        let mut command = Command::new(nginx);
        command.arg("-p").arg(folder.path()).args(["-c", "nginx.conf", "-e", "error.log"]);
        let mut process = Process::start(command, folder);
        process.wait_for(tls_port, "nginx");
        Nginx { process, port, tls_port }
    }

    /// A file of its folder: `ca.pem`, or `client.pem` and `client.key`.
    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.process.folder.path().join(name)).expect("the certificate is there")
    }
}

/// An authority, a certificate for 127.0.0.1 and one for a client.
pub(super) fn certificates(folder: &Path) {
    let openssl = program(&["openssl".into()], "openssl");
    let call = |arguments: &str| {
        run(Command::new(&openssl).args(arguments.split(' ')).current_dir(folder));
    };
    std::fs::write(folder.join("server.ext"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        .expect("writable");
    std::fs::write(folder.join("client.ext"), "extendedKeyUsage=clientAuth\n").expect("writable");
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    call(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=arna-test-authority"));
    for name in ["server", "client"] {
        call(&format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
        call(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {name}.pem -days 2 -extfile {name}.ext"
        ));
    }
}
