//! The client against servers that answer wrongly, slowly, endlessly or elsewhere.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sdk::{Code, HttpAnswer, HttpCall, NodeError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Allowed, Dialer, HttpClient, Tls};

/// Reads a request to the end of its headers.
async fn request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut piece = [0; 4_096];
    while !text.windows(4).any(|it| it == b"\r\n\r\n") {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(read) => text.extend_from_slice(&piece[..read]),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// A server that answers each connection's first request by this function and then closes it.
async fn server<F, A>(answer: F) -> SocketAddr
where
    F: Fn(String, TcpStream) -> A + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let text = request(&mut stream).await;
            tokio::spawn(answer(text, stream));
        }
    });
    address
}

async fn fixed(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = bytes.into();
    server(move |_, mut stream| {
        let bytes = bytes.clone();
        async move {
            let _ = stream.write_all(&bytes).await;
        }
    })
    .await
}

fn call(method: &str, address: SocketAddr) -> HttpCall {
    HttpCall { method: method.into(), url: format!("http://{address}/"), ..HttpCall::default() }
}

async fn send(call: HttpCall) -> Result<HttpAnswer, NodeError> {
    let client = HttpClient::new(Arc::new(Dialer::default()));
    client.send(call, &Tls::default(), &Allowed::everything()).await
}

#[tokio::test]
async fn an_answer_comes_whole_with_its_headers() {
    let address = fixed("HTTP/1.1 404 Not Found\r\nX-One: é\r\nContent-Length: 5\r\n\r\nhello").await;
    let answer = send(call("GET", address)).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (404, &b"hello"[..]));
    assert!(answer.header("x-one").is_some());
}

#[tokio::test]
async fn an_answer_that_never_ends_stops_at_its_limit() {
    let address = server(|_, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        let chunk = [b"10000\r\n".as_slice(), &[b'x'; 65_536], b"\r\n"].concat();
        while stream.write_all(&chunk).await.is_ok() {}
    })
    .await;
    let error = send(HttpCall { most_bytes: Some(1 << 20), ..call("GET", address) }).await.unwrap_err();
    assert_eq!(error.code, Code::Limit);
    assert!(error.sentence.contains("1 MiB"), "{error}");
}

#[tokio::test]
async fn an_answer_that_announces_too_much_is_not_read() {
    let address = fixed("HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n").await;
    assert_eq!(send(call("GET", address)).await.unwrap_err().code, Code::Limit);
}

#[tokio::test]
async fn headers_without_end_stop_at_their_limit() {
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(70_000));
    assert_eq!(send(call("GET", fixed(long).await)).await.unwrap_err().code, Code::Limit);
    let huge = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(2 << 20));
    assert_eq!(send(call("GET", fixed(huge).await)).await.unwrap_err().code, Code::Limit);
    let many = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "X-Many: 1\r\n".repeat(10_000));
    let error = send(call("GET", fixed(many).await)).await.unwrap_err();
    assert_eq!(error.code, Code::Limit, "{error} {:?}", error.cause);
}

#[tokio::test]
async fn what_breaks_off_is_unavailable_for_a_read_and_unclear_for_a_write() {
    let answers = ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"];
    for answer in answers {
        let error = send(call("GET", fixed(answer).await)).await.unwrap_err();
        assert_eq!(error.code, Code::Unavailable, "{answer:?}: {error} {:?}", error.cause);
        let error = send(call("POST", fixed(answer).await)).await.unwrap_err();
        assert_eq!(error.code, Code::Ambiguous, "{answer:?}: {error}");
    }
}

#[tokio::test]
async fn what_is_not_http_says_so() {
    for answer in [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ] {
        let error = send(call("GET", fixed(answer).await)).await.unwrap_err();
        assert_eq!(error.code, Code::Damaged, "{answer:?}: {error} {:?}", error.cause);
    }
}

#[tokio::test]
async fn nobody_listening_is_unavailable_even_for_a_write() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = send(call("POST", address)).await.unwrap_err();
    assert_eq!(error.code, Code::Unavailable);
    assert!(error.sentence.contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn silence_is_a_timeout_for_a_read_and_unclear_for_a_write() {
    let address = server(|_, stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let timeout = Some(Duration::from_millis(200));
    assert_eq!(send(HttpCall { timeout, ..call("GET", address) }).await.unwrap_err().code, Code::Timeout);
    assert_eq!(send(HttpCall { timeout, ..call("POST", address) }).await.unwrap_err().code, Code::Ambiguous);
}

#[tokio::test]
async fn redirects_for_ever_end_after_five() {
    static HOPS: AtomicUsize = AtomicUsize::new(0);
    let address = server(|_, mut stream| async move {
        HOPS.fetch_add(1, Ordering::Relaxed);
        let _ =
            stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n").await;
    })
    .await;
    assert_eq!(send(call("GET", address)).await.unwrap_err().code, Code::Refused);
    assert_eq!(HOPS.load(Ordering::Relaxed), 6);
}

#[tokio::test]
async fn a_redirect_asks_the_policy_again() {
    let inner = fixed("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret").await;
    let outer =
        fixed(format!("HTTP/1.1 302 Found\r\nLocation: http://{inner}/\r\nContent-Length: 0\r\n\r\n")).await;
    let policy = Allowed { hosts: vec![outer.to_string()], is_local_allowed: true };
    let client = HttpClient::new(Arc::new(Dialer::default()));
    let error = client.send(call("GET", outer), &Tls::default(), &policy).await.unwrap_err();
    assert_eq!(error.code, Code::Denied);
    assert!(error.sentence.contains(&inner.to_string()), "{error}");
}

#[tokio::test]
async fn secrets_do_not_follow_a_redirect_to_another_port() {
    let inner = server(|text, mut stream| async move {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
        let _ = stream.write_all(answer.as_bytes()).await;
    })
    .await;
    let outer =
        fixed(format!("HTTP/1.1 302 Found\r\nLocation: http://{inner}/\r\nContent-Length: 0\r\n\r\n")).await;
    let headers = vec![("Authorization".into(), "Bearer s3cret".into()), ("X-Key".into(), "s3cret".into())];
    let answer = send(HttpCall { headers, ..call("GET", outer) }).await.unwrap();
    let seen = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(seen.starts_with("GET /") && !seen.contains("s3cret"), "{seen}");
}

#[tokio::test]
async fn loopback_is_refused_without_its_grant_however_it_is_written() {
    let address = fixed("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret").await;
    let policy = Allowed { hosts: vec!["*".into()], is_local_allowed: false };
    let client = HttpClient::new(Arc::new(Dialer::default()));
    for host in [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "[::ffff:127.0.0.1]",
        "127.1",
    ] {
        let url = format!("http://{host}:{}/", address.port());
        let error = client
            .send(HttpCall { url, ..call("GET", address) }, &Tls::default(), &policy)
            .await
            .unwrap_err();
        assert_eq!(error.code, Code::Denied, "{host}: {error}");
    }
}

#[tokio::test]
async fn one_connection_carries_many_calls() {
    static DIALLED: AtomicUsize = AtomicUsize::new(0);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            DIALLED.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                while !request(&mut stream).await.is_empty() {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
                }
            });
        }
    });
    let client = HttpClient::new(Arc::new(Dialer::default()));
    for _ in 0..50 {
        client.send(call("GET", address), &Tls::default(), &Allowed::everything()).await.unwrap();
    }
    assert_eq!(DIALLED.load(Ordering::Relaxed), 1);
}
