//! A web server that misbehaves, each path in its own way; no decent server can be made to.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// The server; it lives as long as the process.
pub struct Rude(SocketAddr);

impl Rude {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// No port is free.
    pub fn start() -> Rude {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // The other side hangs up on such answers; that is what is being tested.
                std::thread::spawn(move || drop(answer(stream)));
            }
        });
        Rude(address)
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.0)
    }
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let json = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    match path.trim_start_matches('/') {
        // A list that goes on for ever.
        "endless" => {
            write!(stream, "{json}transfer-encoding: chunked\r\n\r\n1\r\n[\r\n")?;
            let piece = "1,".repeat(32 << 10);
            loop {
                write!(stream, "{:x}\r\n{piece}\r\n", piece.len())?;
            }
        }
        "endless-headers" => {
            write!(stream, "{json}")?;
            loop {
                write!(stream, "x-more: {}\r\n", "y".repeat(4_000))?;
            }
        }
        // More is announced than comes, and the other way round.
        "too-little" => write!(stream, "{json}content-length: 1000\r\n\r\n{{\"a\": 1}}"),
        "too-much" => write!(stream, "{json}content-length: 4\r\nconnection: close\r\n\r\n{{\"a\": 1}}"),
        "huge" => write!(stream, "{json}content-length: 99999999999\r\n\r\n["),
        "no-length" => write!(stream, "{json}content-length: many\r\n\r\n[]"),
        "page" => ok(&mut stream, json, b"<!DOCTYPE html><title>Please sign in</title>"),
        "broken" => ok(&mut stream, json, b"{\"a\": 1,,}"),
        "deep" => ok(&mut stream, json, "[".repeat(1_000_000).as_bytes()),
        // Says that it is packed, and is not.
        "not-packed" => ok(&mut stream, &format!("{json}content-encoding: gzip\r\n"), b"{\"a\": 1}"),
        // A gigabyte of zeros in a megabyte: the same packed block again and again.
        "bomb" => ok(&mut stream, &format!("{json}content-encoding: gzip\r\n"), &bomb()),
        "circle" => write!(
            stream,
            "HTTP/1.1 302 Found\r\nlocation: /circle\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ),
        // One byte a second, each soon enough to look alive.
        "drip" => {
            write!(stream, "{json}content-length: 600\r\n\r\n[")?;
            loop {
                std::thread::sleep(Duration::from_secs(1));
                stream.write_all(b" ")?;
            }
        }
        "silent" => {
            std::thread::sleep(Duration::from_secs(600));
            Ok(())
        }
        "no-http" => stream.write_all(b"220 mail.example ESMTP\r\n"),
        "hang-up" => Ok(()),
        _ => ok(&mut stream, json, b"{\"fine\": true}"),
    }
}

fn ok(stream: &mut TcpStream, head: &str, body: &[u8]) -> std::io::Result<()> {
    write!(stream, "{head}content-length: {}\r\nconnection: close\r\n\r\n", body.len())?;
    stream.write_all(body)
}

/// A gzip member of a few bytes that unpacks to 64 KiB of zeros, many times over: members may follow each other.
fn bomb() -> Vec<u8> {
    // header, one block with fixed codes: a zero byte, then copies of it (length 258, distance 1), end of block
    let mut bits = Bits::default();
    bits.put(1, 1);
    bits.put(1, 2);
    bits.code(0x30, 8);
    for _ in 0..254 {
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    bits.code(0, 7);
    let count = 1_u32 + 254 * 258;
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    member.extend(bits.bytes);
    member.extend(crc32_of_zeros(count).to_le_bytes());
    member.extend(count.to_le_bytes());
    member.repeat(4_000)
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for at in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= u8::from(value >> at & 1 == 1) << (self.used % 8);
            }
            self.used += 1;
        }
    }

    /// Huffman codes stand with their highest bit first.
    fn code(&mut self, value: u32, count: u32) {
        for at in (0..count).rev() {
            self.put(value >> at & 1, 1);
        }
    }
}

fn crc32_of_zeros(count: u32) -> u32 {
    let mut crc = u32::MAX;
    for _ in 0..count {
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bomb_is_real_gzip_of_some_hundred_kilobytes() {
        let folder = tempfile::tempdir().expect("the folder for temporary files is writable");
        let file = folder.path().join("bomb.gz");
        std::fs::write(&file, bomb()).expect("writable");
        let out = std::process::Command::new("gzip").args(["-t"]).arg(&file).output().expect("gzip is there");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        assert!(bomb().len() < 2 << 20);
    }
}
