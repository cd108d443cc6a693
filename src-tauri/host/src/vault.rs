//! The vault: secrets of connections, each sealed by itself under a key that never lies in the open.
//!
//! Sealing is XChaCha20-Poly1305; the additional data names the installation, the connection and the secret, so that a sealed value put in
//! another place does not open. How the key is kept is told by [`Keeping`]; docs/decisions/vault.md says why.

use std::fs;
use std::io::Write;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};

use crate::keychain::Keychain;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const KEY_FILE: &str = "vault.key";
const VAULT_FILE: &str = "vault.json";
/// Argon2id: 64 MiB and three passes, about a quarter of a second.
const MEMORY_KIB: u32 = 64 << 10;
const PASSES: u32 = 3;

/// How the vault's key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// In the keychain of the operating system.
    Keychain,
    /// Wrapped by a passphrase.
    Passphrase,
    /// In a file that only its owner may read.
    KeyFile,
}

impl Keeping {
    /// In words, for the health of the engine.
    pub fn words(self) -> &'static str {
        match self {
            Keeping::Keychain => "keychain",
            Keeping::Passphrase => "passphrase",
            Keeping::KeyFile => "key file",
        }
    }
}

/// Why the vault stays shut.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The passphrase does not open it.
    #[error("The passphrase in ARNA_PASSPHRASE does not open the vault in {0}. Nothing was changed.")]
    WrongPassphrase(String),
    /// It is locked by a passphrase and none was given.
    #[error("The vault in {0} is locked by a passphrase: set ARNA_PASSPHRASE and start again.")]
    NeedsPassphrase(String),
    /// Its key lies in the keychain, which does not answer.
    #[error(
        "The key of the vault in {folder} lies in the keychain of this user, which does not answer ({why}). Sign in to the desktop, unlock the keychain and start again."
    )]
    NeedsKeychain {
        /// The data folder.
        folder: String,
        /// What the keychain said.
        why: String,
    },
    /// Its key is not where it was put.
    #[error(
        "The key of the vault in {0} is not in the keychain of this user. Start as the user who made it, on the same machine; a folder that was copied from elsewhere takes no secrets along."
    )]
    NotInKeychain(String),
    /// A file of it cannot be read or written.
    #[error("The vault's file {file} cannot be used: {why}")]
    File {
        /// The file.
        file: String,
        /// What is the matter.
        why: String,
    },
    /// The system gave no random numbers.
    #[error("The system gave no random numbers, so no secret can be sealed.")]
    NoRandom,
    /// A sealed value does not open.
    #[error(
        "The secret {secret} of the connection {connection} does not open with this vault. Enter it again."
    )]
    Damaged {
        /// The connection.
        connection: String,
        /// The secret.
        secret: String,
    },
}

/// An open vault.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    installation: [u8; 16],
    keeping: Keeping,
}

/// What a vault is opened with.
#[derive(Clone, Copy, Default)]
pub struct Keys<'a> {
    /// Wraps the key, from now on.
    pub passphrase: Option<&'a str>,
    /// Keeps the key where no passphrase is given.
    pub keychain: Option<&'a dyn Keychain>,
}

/// The vault's file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Wrapped(Wrapped),
    Keychain(InKeychain),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InKeychain {
    /// The name of the key there.
    keychain: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped {
    salt: String,
    nonce: String,
    key: String,
    memory_kib: u32,
    passes: u32,
}

impl Vault {
    /// Opens the vault of a data folder, or makes a new one.
    ///
    /// # Errors
    /// See [`VaultError`]; nothing falls back to a weaker way of keeping the key.
    pub fn open(folder: &Path, keys: Keys<'_>, installation: [u8; 16]) -> Result<Vault, VaultError> {
        let file = folder.join(VAULT_FILE);
        let stored = if file.exists() { Some(read_stored(&file)?) } else { None };
        let here = || folder.display().to_string();
        let (key, keeping) = match (stored, keys.passphrase) {
            (Some(Stored::Wrapped(wrapped)), Some(passphrase)) => {
                (unwrap_key(&file, &wrapped, passphrase)?, Keeping::Passphrase)
            }
            (Some(Stored::Wrapped(_)), None) => return Err(VaultError::NeedsPassphrase(here())),
            (Some(Stored::Keychain(InKeychain { keychain: name })), passphrase) => {
                let key = key_in_keychain(folder, &name, keys.keychain)?;
                match passphrase {
                    None => (key, Keeping::Keychain),
                    Some(passphrase) => {
                        wrap_key(&file, passphrase, &key)?;
                        forget(&name, keys.keychain);
                        (key, Keeping::Passphrase)
                    }
                }
            }
            (None, Some(passphrase)) => {
                let key = bare_key(folder)?;
                wrap_key(&file, passphrase, &key)?;
                (key, Keeping::Passphrase)
            }
            (None, None) => {
                let key = bare_key(folder)?;
                if put_in_keychain(&file, &key, (keys.keychain, installation))? {
                    (key, Keeping::Keychain)
                } else {
                    keep_in_file(&folder.join(KEY_FILE), &key)?;
                    (key, Keeping::KeyFile)
                }
            }
        };
        let plain = folder.join(KEY_FILE);
        if keeping != Keeping::KeyFile && plain.exists() {
            // nothing would be protected while the bare key lies beside it
            fs::remove_file(&plain).map_err(|e| file_error(&plain, e))?;
        }
        Ok(Vault { cipher: XChaCha20Poly1305::new(&key.into()), installation, keeping })
    }

    /// How its key is kept.
    pub fn keeping(&self) -> Keeping {
        self.keeping
    }

    /// Seals a secret of a connection.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn seal(&self, (connection, secret): (&str, &str), plain: &str) -> Result<String, VaultError> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let about = self.about(connection, secret);
        let payload = Payload { msg: plain.as_bytes(), aad: &about };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::NoRandom)?;
        Ok(BASE64.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Opens a sealed secret.
    ///
    /// # Errors
    /// It was sealed for another place, by another vault, or was changed.
    pub fn unseal(&self, (connection, secret): (&str, &str), sealed: &str) -> Result<String, VaultError> {
        let damaged = || VaultError::Damaged { connection: connection.into(), secret: secret.into() };
        let bytes = BASE64.decode(sealed).map_err(|_| damaged())?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| damaged())?;
        let about = self.about(connection, secret);
        let plain = self
            .cipher
            .decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: &about })
            .map_err(|_| damaged())?;
        String::from_utf8(plain).map_err(|_| damaged())
    }

    /// What is bound to a sealed value. Lengths stand before names, so that no two places read the same.
    fn about(&self, connection: &str, secret: &str) -> Vec<u8> {
        let mut about = b"arna secret 1".to_vec();
        about.extend(self.installation);
        for name in [connection, secret] {
            about.extend((name.len() as u64).to_le_bytes());
            about.extend(name.as_bytes());
        }
        about
    }
}

fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| VaultError::NoRandom)?;
    Ok(bytes)
}

fn file_error(file: &Path, why: impl std::fmt::Display) -> VaultError {
    VaultError::File { file: file.display().to_string(), why: why.to_string() }
}

/// The key of a vault whose key lies bare until now; a new one for a new vault.
fn bare_key(folder: &Path) -> Result<[u8; KEY_BYTES], VaultError> {
    let plain = folder.join(KEY_FILE);
    if plain.exists() { read_key(&plain) } else { random() }
}

fn keep_in_file(file: &Path, key: &[u8; KEY_BYTES]) -> Result<(), VaultError> {
    if file.exists() { Ok(()) } else { write_private(file, BASE64.encode(key).as_bytes()) }
}

fn key_in_keychain(
    folder: &Path,
    name: &str,
    keychain: Option<&dyn Keychain>,
) -> Result<[u8; KEY_BYTES], VaultError> {
    let folder = folder.display().to_string();
    let keychain = keychain.ok_or_else(|| VaultError::NotInKeychain(folder.clone()))?;
    let found =
        keychain.load(name).map_err(|why| VaultError::NeedsKeychain { folder: folder.clone(), why })?;
    let bytes = found.and_then(|it| BASE64.decode(it).ok()?.try_into().ok());
    bytes.ok_or(VaultError::NotInKeychain(folder))
}

/// Puts the key of a vault into the keychain, and only then notes that it is there. False where no keychain takes it.
fn put_in_keychain(
    file: &Path,
    key: &[u8; KEY_BYTES],
    (keychain, installation): (Option<&dyn Keychain>, [u8; 16]),
) -> Result<bool, VaultError> {
    let Some(keychain) = keychain else { return Ok(false) };
    let name: String = installation.iter().map(|it| format!("{it:02x}")).collect();
    let secret = BASE64.encode(key);
    let kept = keychain.keep(&name, &secret).and_then(|()| keychain.load(&name));
    match kept {
        Ok(found) if found.as_deref() == Some(&*secret) => {}
        Ok(_) => return Ok(false),
        Err(why) => {
            tracing::info!(why, "no keychain of the system keeps the key of the vault");
            return Ok(false);
        }
    }
    let text = serde_json::to_vec_pretty(&InKeychain { keychain: name }).map_err(|e| file_error(file, e))?;
    write_private(file, &text)?;
    Ok(true)
}

/// A key that a passphrase wraps from now on goes from the keychain.
fn forget(name: &str, keychain: Option<&dyn Keychain>) {
    if let Some(Err(why)) = keychain.map(|it| it.remove(name)) {
        tracing::warn!(why, "the key of the vault could not be removed from the keychain");
    }
}

fn read_stored(file: &Path) -> Result<Stored, VaultError> {
    let text = fs::read(file).map_err(|e| file_error(file, e))?;
    serde_json::from_slice(&text).map_err(|e| file_error(file, e))
}

fn read_key(file: &Path) -> Result<[u8; KEY_BYTES], VaultError> {
    check_private(file)?;
    let text = fs::read_to_string(file).map_err(|e| file_error(file, e))?;
    let bytes = BASE64.decode(text.trim()).map_err(|_| file_error(file, "it holds no key"))?;
    bytes.try_into().map_err(|_| file_error(file, "it holds no key"))
}

fn derive(
    passphrase: &str,
    salt: &[u8],
    (memory_kib, passes): (u32, u32),
) -> Result<[u8; KEY_BYTES], String> {
    // a file from elsewhere must not ask for all memory there is
    if memory_kib > 4 * MEMORY_KIB || passes > 4 * PASSES {
        return Err("it asks for more work than this program does".into());
    }
    let params = Params::new(memory_kib, passes, 1, Some(KEY_BYTES)).map_err(|e| e.to_string())?;
    let mut key = [0; KEY_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut key)
        .map_err(|e| e.to_string())?;
    Ok(key)
}

fn wrap_key(file: &Path, passphrase: &str, key: &[u8; KEY_BYTES]) -> Result<(), VaultError> {
    let salt: [u8; 16] = random()?;
    let nonce: [u8; NONCE_BYTES] = random()?;
    let outer = derive(passphrase, &salt, (MEMORY_KIB, PASSES)).map_err(|why| file_error(file, why))?;
    let sealed = XChaCha20Poly1305::new(&outer.into())
        .encrypt(&XNonce::from(nonce), key.as_slice())
        .map_err(|e| file_error(file, e))?;
    let wrapped = Wrapped {
        salt: BASE64.encode(salt),
        nonce: BASE64.encode(nonce),
        key: BASE64.encode(sealed),
        memory_kib: MEMORY_KIB,
        passes: PASSES,
    };
    let text = serde_json::to_vec_pretty(&wrapped).map_err(|e| file_error(file, e))?;
    write_private(file, &text)
}

fn unwrap_key(file: &Path, wrapped: &Wrapped, passphrase: &str) -> Result<[u8; KEY_BYTES], VaultError> {
    let bytes = |text: &str| BASE64.decode(text).map_err(|_| file_error(file, "it holds no key"));
    let (salt, nonce, sealed) = (bytes(&wrapped.salt)?, bytes(&wrapped.nonce)?, bytes(&wrapped.key)?);
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| file_error(file, "it holds no key"))?;
    let outer = derive(passphrase, &salt, (wrapped.memory_kib, wrapped.passes))
        .map_err(|why| file_error(file, why))?;
    let wrong = || VaultError::WrongPassphrase(file.parent().unwrap_or(file).display().to_string());
    let key = XChaCha20Poly1305::new(&outer.into())
        .decrypt(&XNonce::from(nonce), sealed.as_slice())
        .map_err(|_| wrong())?;
    key.try_into().map_err(|_| wrong())
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_private(file: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let beside = file.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut out = options.open(&beside).map_err(|e| file_error(&beside, e))?;
    out.write_all(bytes).and_then(|()| out.sync_all()).map_err(|e| file_error(&beside, e))?;
    fs::rename(&beside, file).map_err(|e| file_error(file, e))
}

/// A key that others may read protects nothing: refuse it and say how to mend it.
fn check_private(file: &Path) -> Result<(), VaultError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(file).map_err(|e| file_error(file, e))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(file_error(
                file,
                format!("other users may read it; run: chmod 600 {}", file.display()),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::HashMap;

    use super::*;

    const HERE: (&str, &str) = ("ledger", "password");

    fn with(passphrase: Option<&str>) -> Keys<'_> {
        Keys { passphrase, keychain: None }
    }

    fn opened(folder: &Path, passphrase: Option<&str>) -> Vault {
        Vault::open(folder, with(passphrase), [7; 16]).expect("the vault opens")
    }

    #[test]
    fn a_secret_opens_again_after_a_restart_and_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let sealed = opened(folder.path(), None).seal(HERE, "s3cret").expect("sealed");
        assert!(!sealed.contains("s3cret"));
        let vault = opened(folder.path(), None);
        assert_eq!(vault.unseal(HERE, &sealed).expect("it opens"), "s3cret");
        assert!(vault.unseal(("ledger", "token"), &sealed).is_err(), "another secret's place");
        assert!(vault.unseal(("bank", "password"), &sealed).is_err(), "another connection's place");
        let moved = Vault::open(folder.path(), with(None), [8; 16]).expect("the vault opens");
        assert!(moved.unseal(HERE, &sealed).is_err(), "another installation");
    }

    #[test]
    fn a_wrong_passphrase_opens_nothing_and_none_falls_back_to_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let sealed = opened(folder.path(), Some("correct horse")).seal(HERE, "s3cret").expect("sealed");
        let wrong = Vault::open(folder.path(), with(Some("wrong")), [7; 16]);
        assert!(matches!(wrong, Err(VaultError::WrongPassphrase(_))));
        assert!(matches!(
            Vault::open(folder.path(), with(None), [7; 16]),
            Err(VaultError::NeedsPassphrase(_))
        ));
        let vault = opened(folder.path(), Some("correct horse"));
        assert_eq!(vault.unseal(HERE, &sealed).expect("it opens"), "s3cret");
    }

    #[test]
    fn a_passphrase_given_later_takes_the_bare_key_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let sealed = opened(folder.path(), None).seal(HERE, "s3cret").expect("sealed");
        assert_eq!(opened(folder.path(), Some("p")).unseal(HERE, &sealed).expect("it opens"), "s3cret");
        assert!(!folder.path().join(KEY_FILE).exists());
    }

    /// A keychain of the test's own; `is_locked` answers nothing.
    #[derive(Default)]
    struct Drawer {
        kept: RefCell<HashMap<String, String>>,
        is_locked: Cell<bool>,
    }

    impl Drawer {
        fn open(&self) -> Result<std::cell::RefMut<'_, HashMap<String, String>>, String> {
            if self.is_locked.get() { Err("locked".into()) } else { Ok(self.kept.borrow_mut()) }
        }
    }

    impl Keychain for Drawer {
        fn load(&self, name: &str) -> Result<Option<String>, String> {
            Ok(self.open()?.get(name).cloned())
        }

        fn keep(&self, name: &str, secret: &str) -> Result<(), String> {
            self.open()?.insert(name.into(), secret.into());
            Ok(())
        }

        fn remove(&self, name: &str) -> Result<(), String> {
            self.open()?.remove(name);
            Ok(())
        }
    }

    #[test]
    fn a_keychain_takes_the_bare_key_away_and_a_locked_one_opens_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let sealed = opened(folder.path(), None).seal(HERE, "s3cret").expect("sealed");
        let drawer = Drawer::default();
        let keys = Keys { passphrase: None, keychain: Some(&drawer) };
        let open = || Vault::open(folder.path(), keys, [7; 16]);
        let vault = open().expect("it opens");
        assert_eq!(vault.keeping(), Keeping::Keychain);
        assert!(!folder.path().join(KEY_FILE).exists(), "the bare key is gone");
        assert_eq!(open().expect("it opens").unseal(HERE, &sealed).expect("it opens"), "s3cret");
        drawer.is_locked.set(true);
        assert!(matches!(open(), Err(VaultError::NeedsKeychain { .. })));
        assert!(!folder.path().join(KEY_FILE).exists(), "nothing falls back to a bare key");
        let elsewhere = Keys { passphrase: None, keychain: Some(&Drawer::default()) };
        let copied = Vault::open(folder.path(), elsewhere, [7; 16]);
        assert!(matches!(copied, Err(VaultError::NotInKeychain(_))));
    }

    #[test]
    fn where_no_keychain_answers_a_new_vault_has_a_key_file_and_a_passphrase_empties_the_keychain() {
        let folder = tempfile::tempdir().expect("a folder");
        let drawer = Drawer::default();
        drawer.is_locked.set(true);
        let open = |passphrase| {
            let keys = Keys { passphrase, keychain: Some(&drawer) };
            Vault::open(folder.path(), keys, [7; 16]).expect("it opens")
        };
        let vault = open(None);
        assert_eq!(vault.keeping(), Keeping::KeyFile);
        let sealed = vault.seal(HERE, "s3cret").expect("sealed");
        drawer.is_locked.set(false);
        assert_eq!(open(None).keeping(), Keeping::Keychain);
        let vault = open(Some("p"));
        assert_eq!(vault.keeping(), Keeping::Passphrase);
        assert!(drawer.kept.borrow().is_empty());
        assert_eq!(vault.unseal(HERE, &sealed).expect("it opens"), "s3cret");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        drop(opened(folder.path(), None));
        let file = folder.path().join(KEY_FILE);
        let mode =
            |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("the mode is set");
        assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
        mode(0o644);
        assert!(Vault::open(folder.path(), with(None), [7; 16]).is_err());
    }
}
