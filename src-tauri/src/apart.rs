//! The window as a process of its own, seen from the program that keeps the engine and the tray.
//!
//! WebKit gives back little of what it took before its process ends, so a closed window must be an ended process. Engine and window talk over
//! the data folder's own socket as any two programs do; the few things between the two programs themselves go over a pair of
//! sockets as JSON lines: orders to the window, words back.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use host::contract::Refusal;
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Manager as _};

use crate::shell::Shell;
use crate::watch;

const PROGRAM: &str = "arna-desktop";
/// Longer lines are no order and no word; a path has at most 4 KiB and a start at most 64 KiB of them.
const MOST_LINE_BYTES: u64 = 1 << 20;
/// Orders that a window has not carried out yet; older ones are forgotten.
const MOST_UNSHOWN: usize = 16;
/// A window that does not read its orders is given up after this.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the window's process is told. The first one is always `Attach`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Ask the engine that holds the data folder.
    Attach,
    /// There is no engine, for this reason (a refusal in JSON): the window says it.
    Shut(String),
    /// Show the window.
    Show(Show),
    /// Keep where the person is, and end.
    Close,
}

/// A wish to see the window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Show {
    /// The screen, the part of the address after `#`; where the person was unless said.
    pub(crate) route: Option<String>,
    /// Flow files to look at.
    pub(crate) open: Vec<PathBuf>,
}

/// What the window's process says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Word {
    /// The oldest order to show is carried out.
    Shown,
    /// Whether the person has the window before them.
    Focused(bool),
    /// The settings are others now, the language perhaps.
    Settings,
    /// The person quits the program.
    Quit,
}

/// The window's process: none, or one.
pub(crate) struct Apart {
    data: PathBuf,
    /// Why there is no engine.
    shut: Option<Refusal>,
    now: Mutex<Now>,
    ended: Condvar,
}

#[derive(Default)]
struct Now {
    orders: Option<UnixStream>,
    process: Option<Arc<Mutex<Child>>>,
    /// Wishes that the window has not carried out: a window that was just closing leaves them to the next one.
    unshown: Vec<Show>,
    has_shown: bool,
    is_focused: bool,
    is_quitting: bool,
}

impl Apart {
    /// No window yet.
    pub(crate) fn new(data: &Path, shut: Option<Refusal>) -> Arc<Apart> {
        Arc::new(Apart { data: data.to_owned(), shut, now: Mutex::default(), ended: Condvar::new() })
    }

    /// Shows the window: tells its process, or starts one.
    pub(crate) fn show(self: &Arc<Self>, app: &AppHandle, show: Show) {
        let mut now = self.now();
        if now.is_quitting {
            return;
        }
        if now.unshown.len() == MOST_UNSHOWN {
            now.unshown.remove(0);
        }
        now.unshown.push(show.clone());
        let begun = match &now.orders {
            // one that is just ending hears nothing any more; its end starts the next one
            Some(orders) => send(orders, &Order::Show(show)).or(Ok(())),
            None => self.begin(app, &mut now),
        };
        if let Err(why) = begun {
            now.unshown.clear();
            tracing::error!(%why, "the window cannot be opened");
        }
    }

    /// Whether the person has the window before them.
    pub(crate) fn is_focused(&self) -> bool {
        self.now().is_focused
    }

    /// Ends the window's process in order, and by force when it does not obey. Not to be called on the main thread.
    pub(crate) fn close(&self) {
        let mut now = self.now();
        now.is_quitting = true;
        let Some(orders) = &now.orders else { return };
        let _sent = send(orders, &Order::Close).is_ok();
        let waited = self.ended.wait_timeout_while(now, PATIENCE, |now| now.orders.is_some());
        let (now, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out()
            && let Some(process) = &now.process
        {
            let _killed = lock(process).kill().is_ok();
        }
    }

    fn begin(self: &Arc<Self>, app: &AppHandle, now: &mut Now) -> std::io::Result<()> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_write_timeout(Some(PATIENCE))?;
        let first = match &self.shut {
            Some(refusal) => Order::Shut(serde_json::to_string(refusal)?),
            None => Order::Attach,
        };
        send(&ours, &first)?;
        for show in &now.unshown {
            send(&ours, &Order::Show(show.clone()))?;
        }
        let words = ours.try_clone()?;
        let mut command = Command::new(own_program());
        command.arg0(PROGRAM).arg("--window").arg("--data").arg(&self.data);
        // the programs that WebKit starts inherit the output, but not the input: this pair ends with the window
        let child = Arc::new(Mutex::new(command.stdin(Stdio::from(OwnedFd::from(theirs))).spawn()?));
        *now = Now {
            orders: Some(ours),
            process: Some(child.clone()),
            unshown: std::mem::take(&mut now.unshown),
            ..Now::default()
        };
        let (apart, app) = (self.clone(), app.clone());
        std::thread::spawn(move || {
            apart.attend(&app, words);
            let _code = lock(&child).wait().is_ok();
            apart.end(&app);
        });
        Ok(())
    }

    /// Hears the window until it ends.
    fn attend(&self, app: &AppHandle, words: UnixStream) {
        let mut words = BufReader::new(words);
        while let Some(word) = next::<Word>(&mut words) {
            match word {
                Word::Shown => {
                    let mut now = self.now();
                    now.has_shown = true;
                    if !now.unshown.is_empty() {
                        now.unshown.remove(0);
                    }
                }
                Word::Focused(is_focused) => self.now().is_focused = is_focused,
                Word::Settings => {
                    let app = app.clone();
                    tauri::async_runtime::spawn(async move {
                        let shell = app.state::<Arc<Shell>>().inner().clone();
                        watch::speak_anew(&app, &shell).await;
                    });
                }
                Word::Quit => {
                    let handle = app.clone();
                    let _asked = app.run_on_main_thread(move || crate::quit(&handle)).is_ok();
                }
            }
        }
    }

    /// The process is gone. What it did not carry out the next one does, unless it never showed anything at all.
    fn end(self: &Arc<Self>, app: &AppHandle) {
        let mut now = self.now();
        *now = Now {
            unshown: std::mem::take(&mut now.unshown),
            has_shown: now.has_shown,
            is_quitting: now.is_quitting,
            ..Now::default()
        };
        self.ended.notify_all();
        if now.unshown.is_empty() || now.is_quitting {
            return;
        }
        let begun = if now.has_shown {
            self.begin(app, &mut now)
        } else {
            Err(std::io::ErrorKind::BrokenPipe.into())
        };
        if let Err(why) = begun {
            now.unshown.clear();
            tracing::error!(%why, "the window cannot be opened");
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        lock(&self.now)
    }
}

/// This very program, also after a newer one was installed in its place.
fn own_program() -> PathBuf {
    let here = std::env::current_exe().ok().filter(|it| it.exists());
    here.unwrap_or_else(|| PathBuf::from("/proc/self/exe"))
}

fn send<T: Serialize>(mut to: &UnixStream, what: &T) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    to.write_all(&line)
}

/// The next line that is understood; none at the end.
fn next<T: for<'a> Deserialize<'a>>(from: &mut BufReader<UnixStream>) -> Option<T> {
    let mut line = Vec::new();
    loop {
        line.clear();
        from.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', &mut line).ok()?;
        if line.is_empty() {
            return None;
        }
        match serde_json::from_slice(&line) {
            Ok(it) => return Some(it),
            Err(why) => tracing::warn!(%why, "window and tray are not of one version"),
        }
    }
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The other end, in the window's process.
pub(crate) struct Home(UnixStream);

impl Home {
    /// The pair that the program was started with, as its standard input; none when a person started it.
    pub(crate) fn of_input() -> Option<Home> {
        use std::os::fd::AsFd as _;
        let input = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().ok()?);
        // fails on anything that is no pair of sockets
        input.peer_addr().ok()?;
        Some(Home(input))
    }

    /// The orders, until the other program ends.
    pub(crate) fn orders(&self) -> Option<impl Iterator<Item = Order> + use<>> {
        let mut orders = BufReader::new(self.0.try_clone().ok()?);
        Some(std::iter::from_fn(move || next(&mut orders)))
    }

    /// Says something; a program that is gone hears nothing, and its end is an order of its own.
    pub(crate) fn tell(&self, word: Word) {
        let _told = send(&self.0, &word).is_ok();
    }

    /// Nothing more is taken: whatever was asked too late is left to the next window.
    pub(crate) fn leave(&self) {
        let _left = self.0.shutdown(Shutdown::Both).is_ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_arrive_in_order_and_a_line_that_is_none_is_passed_over() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let show = Show { route: Some("/runs".into()), open: vec!["/tmp/a b.flow.json".into()] };
        send(&ours, &Order::Attach).expect("sent");
        (&ours).write_all(b"{\"of a newer version\":1}\n").expect("sent");
        send(&ours, &Order::Show(show.clone())).expect("sent");
        drop(ours);
        let orders: Vec<Order> = Home(theirs).orders().expect("orders").collect();
        assert_eq!(orders, [Order::Attach, Order::Show(show)]);
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_the_memory() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let writing = std::thread::spawn(move || {
            let _cut_off = (&ours).write_all(&vec![b'x'; MOST_LINE_BYTES as usize + 1]).is_ok();
            send(&ours, &Order::Close).expect("sent");
        });
        let mut orders = Home(theirs).orders().expect("orders");
        // the long line is cut in two that are no orders; the second one swallows the order behind it
        assert_eq!(orders.next(), None);
        writing.join().expect("written");
    }
}
