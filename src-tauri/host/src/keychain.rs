//! The keychain of the operating system: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.

use std::collections::HashMap;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use keyring_core::{CredentialStore, Entry, Error};

/// What entries are found by, beside their name.
const SERVICE: &str = "arna";
/// A locked keychain asks the person, who may not be there.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where small secrets of this user are kept by somebody else.
pub trait Keychain {
    /// The secret with this name; none when there is none.
    ///
    /// # Errors
    /// Why the keychain does not answer, in words.
    fn load(&self, name: &str) -> Result<Option<String>, String>;

    /// Keeps a secret under a name; an earlier one goes.
    ///
    /// # Errors
    /// Why it could not be kept, in words.
    fn keep(&self, name: &str, secret: &str) -> Result<(), String>;

    /// Removes a secret, if it is there.
    ///
    /// # Errors
    /// Why it could not be removed, in words.
    fn remove(&self, name: &str) -> Result<(), String>;
}

/// The keychain of the user who runs this program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemKeychain;

impl Keychain for SystemKeychain {
    fn load(&self, name: &str) -> Result<Option<String>, String> {
        on_entry(name, |it| match it.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn keep(&self, name: &str, secret: &str) -> Result<(), String> {
        let secret = secret.to_owned();
        on_entry(name, move |it| it.set_password(&secret))
    }

    fn remove(&self, name: &str) -> Result<(), String> {
        on_entry(name, |it| match it.delete_credential() {
            Err(Error::NoEntry) => Ok(()),
            other => other,
        })
    }
}

/// Does something with an entry on a thread of its own: the call blocks, and may do so until the person has unlocked the keychain.
fn on_entry<T: Send + 'static>(
    name: &str,
    action: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, String> {
    let name = name.to_owned();
    let (sender, answer) = mpsc::channel();
    let asking = std::thread::Builder::new().name("keychain".into()).spawn(move || {
        let label = HashMap::from([("label", "Arna")]);
        let modifiers = cfg!(all(unix, not(target_os = "macos"))).then_some(&label);
        let done = store().and_then(|it| it.build(SERVICE, &name, modifiers)).and_then(|it| action(&it));
        // who asked may have given up
        let _heard = sender.send(done.map_err(|error| error.to_string())).is_ok();
    });
    asking.map_err(|error| error.to_string())?;
    answer.recv_timeout(PATIENCE).map_err(|_| "it did not answer within a minute".to_owned())?
}

#[cfg(target_os = "macos")]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    // asking in vain would leave threads behind for as long as the program lives
    let has_address = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|it| !it.is_empty());
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(std::path::PathBuf::from);
    if !has_address && !runtime.is_some_and(|it| it.join("bus").exists()) {
        return Err(Error::NotSupportedByStore("this user has no session".into()));
    }
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}
