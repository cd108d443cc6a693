//! One window program a data folder: a second start hands its flow file to the first one, raises its window and ends.
//!
//! Not by the session's bus: two data folders are two programs, and a session without a bus has one window as well.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

const LOCK: &str = "window.lock";
const MOST_CALL_BYTES: u64 = 64 << 10;
/// The first program may be at its start and not listen yet.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(50);

/// What a second start says to the first.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// Flow files to open.
    pub(crate) open: Vec<PathBuf>,
    /// Whether the window is to stay as it is: started with the session.
    pub(crate) hidden: bool,
}

/// Who this program is.
pub(crate) enum Claim {
    /// The first; the lock lasts as long as the file is kept.
    First(File),
    /// Another was first, and was told.
    Second,
    /// The folder takes no lock; the engine will say what is wrong with it.
    Unknown,
}

/// Claims the data folder's window, or tells the one who has it.
///
/// # Errors
/// Somebody has it and does not answer.
pub(crate) fn claim(data: &Path, call: &Call) -> Result<Claim, String> {
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(data.join(LOCK));
    let Ok(file) = file else { return Ok(Claim::Unknown) };
    match file.try_lock() {
        Ok(()) => Ok(Claim::First(file)),
        Err(TryLockError::WouldBlock) => tell(data, call).map(|()| Claim::Second),
        Err(TryLockError::Error(_)) => Ok(Claim::Unknown),
    }
}

fn tell(data: &Path, call: &Call) -> Result<(), String> {
    let text = serde_json::to_vec(call).map_err(|why| why.to_string())?;
    let began = Instant::now();
    loop {
        match say(data, &text) {
            Ok(()) => return Ok(()),
            Err(_) if began.elapsed() < PATIENCE => std::thread::sleep(AGAIN),
            Err(why) => return Err(format!("Arna is open already, but does not answer: {why}.")),
        }
    }
}

fn say(data: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut stream = connect(data)?;
    stream.write_all(text)?;
    stream.write_all(b"\n")?;
    let mut heard = [0; 1];
    // the answer comes when the call was understood: only then this program may end
    stream.read_exact(&mut heard)
}

#[cfg(unix)]
fn connect(data: &Path) -> std::io::Result<std::os::unix::net::UnixStream> {
    let stream = std::os::unix::net::UnixStream::connect(socket(data))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

#[cfg(windows)]
fn connect(data: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).open(pipe(data))
}

/// In the data folder, which only its owner enters; under a short name where the path is too long for a socket.
#[cfg(unix)]
fn socket(data: &Path) -> PathBuf {
    const MOST_PATH_BYTES: usize = 100;
    let beside = data.join("window.sock");
    if beside.as_os_str().len() <= MOST_PATH_BYTES {
        return beside;
    }
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    runtime.join(format!("arna-window-{}.sock", mark(data)))
}

#[cfg(windows)]
fn pipe(data: &Path) -> String {
    format!(r"\\.\pipe\arna-window-{}", mark(data))
}

/// Tells data folders apart in a short name.
fn mark(data: &Path) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    data.canonicalize().unwrap_or_else(|_| data.to_owned()).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Hears second starts until the program ends. Call it within the runtime, by the one who holds the lock.
///
/// # Errors
/// The socket cannot be made; second starts then only say that the program is open.
#[cfg(unix)]
pub(crate) async fn hear(data: PathBuf, take: impl Fn(Call) + Send + 'static) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = socket(&data);
    // the lock is ours, so whatever lies there was left by a program that is gone
    let _gone = std::fs::remove_file(&path).is_ok();
    let listener = tokio::net::UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    loop {
        let (stream, _) = listener.accept().await?;
        if let Some(call) = answer(stream).await {
            take(call);
        }
    }
}

/// Hears second starts until the program ends. Call it within the runtime, by the one who holds the lock.
///
/// # Errors
/// The pipe cannot be made; second starts then only say that the program is open.
#[cfg(windows)]
pub(crate) async fn hear(data: PathBuf, take: impl Fn(Call) + Send + 'static) -> std::io::Result<()> {
    use tokio::net::windows::named_pipe::ServerOptions;
    let name = pipe(&data);
    let mut options = ServerOptions::new();
    options.reject_remote_clients(true);
    let mut next = options.first_pipe_instance(true).create(&name)?;
    loop {
        next.connect().await?;
        let stream = std::mem::replace(&mut next, options.first_pipe_instance(false).create(&name)?);
        if let Some(call) = answer(stream).await {
            take(call);
        }
    }
}

/// Reads one call and says that it was understood.
async fn answer<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(mut stream: S) -> Option<Call> {
    use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
    let read = async {
        let mut line = Vec::new();
        BufReader::new((&mut stream).take(MOST_CALL_BYTES)).read_until(b'\n', &mut line).await.ok()?;
        serde_json::from_slice::<Call>(&line).ok()
    };
    let call = tokio::time::timeout(PATIENCE, read).await.ok().flatten()?;
    // the caller may be gone by now; its call counts all the same
    let _told = stream.write_all(b"+").await.is_ok();
    Some(call)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_tells_the_first_and_a_third_finds_the_place_free_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().to_owned();
        let call = Call { open: vec!["/tmp/orders.flow.json".into()], hidden: false };
        let Ok(Claim::First(lock)) = claim(&data, &call) else { panic!("the first start is the first") };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let (heard, hears) = std::sync::mpsc::channel();
        let hearing =
            runtime.spawn(hear(data.clone(), move |call| heard.send(call).expect("somebody waits")));
        assert!(matches!(claim(&data, &call), Ok(Claim::Second)));
        assert_eq!(hears.recv().expect("the call arrives"), call);
        hearing.abort();
        drop(lock);
        assert!(matches!(claim(&data, &call), Ok(Claim::First(_))));
    }

    #[test]
    fn a_folder_that_takes_no_lock_is_left_to_the_engine_to_judge() {
        let gone = Path::new("/nowhere/at/all");
        assert!(matches!(claim(gone, &Call::default()), Ok(Claim::Unknown)));
    }
}
