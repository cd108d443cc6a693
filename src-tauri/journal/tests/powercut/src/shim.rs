//! SQLite's file layer, in C's terms, over the disk in memory. All unsafe code of the tests is here.
//!
//! What makes it sound: SQLite gives every method the file it opened; `open` writes a whole [`Opened`] into memory that SQLite made at
//! least `szOsFile` bytes large, and no other code touches it; buffers are valid for the length that is passed with them.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};

use rusqlite::ffi;

use crate::disk::{Refused, World, hold};

/// The system's own file layer: time, sleep and dice come from it.
static SYSTEM: AtomicPtr<ffi::sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());

struct Handle {
    path: String,
    id: u64,
    is_temporary: bool,
}

#[repr(C)]
struct Opened {
    base: ffi::sqlite3_file,
    handle: *mut Handle,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Makes the disk in memory the one that every connection of this process opened from now on uses.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the structure is leaked, so it lives as long as SQLite may use it; the name is a constant.
        unsafe {
            ffi::sqlite3_initialize();
            SYSTEM.store(ffi::sqlite3_vfs_find(ptr::null()), Ordering::SeqCst);
            let mut layer: ffi::sqlite3_vfs = std::mem::zeroed();
            layer.iVersion = 2;
            layer.szOsFile = size_of::<Opened>() as c_int;
            layer.mxPathname = 1024;
            layer.zName = c"powercut".as_ptr();
            layer.xOpen = Some(open);
            layer.xDelete = Some(delete);
            layer.xAccess = Some(access);
            layer.xFullPathname = Some(full_path);
            layer.xRandomness = Some(randomness);
            layer.xSleep = Some(sleep);
            layer.xCurrentTime = Some(current_time);
            layer.xGetLastError = Some(last_error);
            layer.xCurrentTimeInt64 = Some(current_time_64);
            let code = ffi::sqlite3_vfs_register(Box::leak(Box::new(layer)), 1);
            assert_eq!(code, ffi::SQLITE_OK, "SQLite refused the file layer");
        }
    });
}

fn code(outcome: Result<c_int, Refused>) -> c_int {
    match outcome {
        Ok(code) => code,
        Err(Refused::Io) => ffi::SQLITE_IOERR,
        Err(Refused::Busy) => ffi::SQLITE_BUSY,
        Err(Refused::Missing) => ffi::SQLITE_CANTOPEN,
    }
}

/// Runs `work` on an opened file.
///
/// # Safety
/// `file` must come from [`open`] and not be closed.
unsafe fn with(
    file: *mut ffi::sqlite3_file,
    work: impl FnOnce(&mut World, &Handle) -> Result<c_int, Refused>,
) -> c_int {
    // SAFETY: by the promise above this is an `Opened` with a live handle.
    let handle = unsafe { &*(*file.cast::<Opened>()).handle };
    code(work(hold().world(), handle))
}

/// # Safety
/// `name` must be null or a C string.
unsafe fn text(name: *const c_char) -> Option<String> {
    if name.is_null() {
        return None;
    }
    // SAFETY: by the promise above.
    Some(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned())
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's contract for xOpen: `file` has room for `Opened`, the other pointers are valid or null.
    unsafe {
        (*file).pMethods = ptr::null();
        let name = text(name);
        let mut held = hold();
        let world = held.world();
        world.opened += 1;
        let id = world.opened;
        let is_temporary = name.is_none() || flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0;
        let path = name.unwrap_or_else(|| format!("temporary-{id}"));
        if let Err(refused) = world.check_power(&path) {
            return code(Err(refused));
        }
        if !world.files.contains_key(&path) {
            if flags & ffi::SQLITE_OPEN_CREATE == 0 {
                return ffi::SQLITE_CANTOPEN;
            }
            world.files.insert(path.clone(), Default::default());
        }
        if !out_flags.is_null() {
            *out_flags = flags;
        }
        let handle = Box::into_raw(Box::new(Handle { path, id, is_temporary }));
        ptr::write(file.cast::<Opened>(), Opened { base: ffi::sqlite3_file { pMethods: &METHODS }, handle });
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once; the handle was made by `Box::into_raw` in `open`.
    let handle = unsafe { Box::from_raw((*file.cast::<Opened>()).handle) };
    let mut held = hold();
    let world = held.world();
    if let Ok(file) = world.file(&handle.path) {
        file.shared.remove(&handle.id);
        for held in [&mut file.reserved, &mut file.exclusive] {
            if *held == Some(handle.id) {
                *held = None;
            }
        }
    }
    if handle.is_temporary {
        world.files.remove(&handle.path);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    count: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite passes a buffer of `count` bytes.
    unsafe {
        let into = std::slice::from_raw_parts_mut(into.cast::<u8>(), count as usize);
        with(file, |world, handle| {
            let got = world.read(&handle.path, offset as usize, into)?;
            Ok(if got == into.len() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ })
        })
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    count: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite passes a buffer of `count` bytes.
    unsafe {
        let from = std::slice::from_raw_parts(from.cast::<u8>(), count as usize);
        with(file, |world, handle| world.write(&handle.path, offset as usize, from).map(|()| ffi::SQLITE_OK))
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: ffi::sqlite3_int64) -> c_int {
    // SAFETY: an opened file.
    unsafe {
        with(file, |world, handle| world.truncate(&handle.path, length as usize).map(|()| ffi::SQLITE_OK))
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: an opened file.
    unsafe { with(file, |world, handle| world.sync(&handle.path).map(|()| ffi::SQLITE_OK)) }
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: an opened file; SQLite passes a place for the size.
    unsafe {
        with(file, |world, handle| {
            *size = world.size(&handle.path)? as ffi::sqlite3_int64;
            Ok(ffi::SQLITE_OK)
        })
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an opened file.
    unsafe {
        with(file, |world, handle| {
            let file = world.file(&handle.path)?;
            let others = |held: Option<u64>| held.is_some_and(|held| held != handle.id);
            if others(file.exclusive) || (level >= ffi::SQLITE_LOCK_RESERVED && others(file.reserved)) {
                return Err(Refused::Busy);
            }
            if level >= ffi::SQLITE_LOCK_EXCLUSIVE && !file.is_free_for(handle.id) {
                return Err(Refused::Busy);
            }
            file.shared.insert(handle.id);
            if level >= ffi::SQLITE_LOCK_RESERVED {
                file.reserved = Some(handle.id);
            }
            if level >= ffi::SQLITE_LOCK_EXCLUSIVE {
                file.exclusive = Some(handle.id);
            }
            Ok(ffi::SQLITE_OK)
        })
    }
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an opened file.
    unsafe {
        with(file, |world, handle| {
            let Ok(file) = world.file(&handle.path) else { return Ok(ffi::SQLITE_OK) };
            for held in [&mut file.reserved, &mut file.exclusive] {
                if *held == Some(handle.id) {
                    *held = None;
                }
            }
            if level == ffi::SQLITE_LOCK_NONE {
                file.shared.remove(&handle.id);
            }
            Ok(ffi::SQLITE_OK)
        })
    }
}

unsafe extern "C" fn check_reserved(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: an opened file; SQLite passes a place for the answer.
    unsafe {
        with(file, |world, handle| {
            *out = c_int::from(world.file(&handle.path)?.reserved.is_some());
            Ok(ffi::SQLITE_OK)
        })
    }
}

unsafe extern "C" fn control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    512
}

unsafe extern "C" fn characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    // As SQLite assumes of every disk: writing one sector harms no other.
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: an opened file; regions are leaked, so pointers to them stay valid whatever is closed first.
    unsafe {
        with(file, |world, handle| {
            world.check_power(&handle.path)?;
            let file = world.file(&handle.path)?;
            let region = region as usize;
            *out = ptr::null_mut();
            if region >= file.regions.len() && extend == 0 {
                return Ok(ffi::SQLITE_OK);
            }
            while file.regions.len() <= region {
                // As words, so that SQLite's 32-bit atomics in it are aligned.
                let words: &'static mut [u64] = Box::leak(vec![0_u64; size as usize / 8].into_boxed_slice());
                file.regions.push(words.as_mut_ptr().expose_provenance());
            }
            *out = ptr::with_exposed_provenance_mut(file.regions[region]);
            Ok(ffi::SQLITE_OK)
        })
    }
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    offset: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: an opened file.
    unsafe {
        with(file, |world, handle| {
            let Ok(file) = world.file(&handle.path) else { return Ok(ffi::SQLITE_OK) };
            let slots = &mut file.slots[offset as usize..(offset + count) as usize];
            let id = handle.id;
            let is_shared = flags & ffi::SQLITE_SHM_SHARED != 0;
            if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
                for slot in slots {
                    slot.shared.remove(&id);
                    if slot.exclusive == Some(id) {
                        slot.exclusive = None;
                    }
                }
                return Ok(ffi::SQLITE_OK);
            }
            let is_taken = slots.iter().any(|slot| {
                let foreign = slot.exclusive.is_some_and(|held| held != id);
                foreign || (!is_shared && slot.shared.iter().any(|held| *held != id))
            });
            if is_taken {
                return Err(Refused::Busy);
            }
            for slot in slots {
                if is_shared {
                    slot.shared.insert(id);
                } else {
                    slot.exclusive = Some(id);
                }
            }
            Ok(ffi::SQLITE_OK)
        })
    }
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {
    std::sync::atomic::fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    // SAFETY: an opened file.
    unsafe {
        with(file, |world, handle| {
            let Ok(file) = world.file(&handle.path) else { return Ok(ffi::SQLITE_OK) };
            for slot in &mut file.slots {
                slot.shared.remove(&handle.id);
                if slot.exclusive == Some(handle.id) {
                    slot.exclusive = None;
                }
            }
            if delete != 0 {
                file.regions.clear();
            }
            Ok(ffi::SQLITE_OK)
        })
    }
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, _sync: c_int) -> c_int {
    // SAFETY: SQLite passes a C string.
    let Some(path) = (unsafe { text(name) }) else { return ffi::SQLITE_OK };
    let mut held = hold();
    let world = held.world();
    if let Err(refused) = world.check_power(&path) {
        return code(Err(refused));
    }
    if world.files.remove(&path).is_some() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_DELETE_NOENT }
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes a C string and a place for the answer.
    unsafe {
        let exists = text(name).is_some_and(|path| hold().world().files.contains_key(&path));
        *out = c_int::from(exists);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_path(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    size: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite passes a C string and `size` bytes for the answer.
    unsafe {
        let name = CStr::from_ptr(name).to_bytes_with_nul();
        if name.len() > size as usize {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(name.as_ptr().cast(), out, name.len());
    }
    ffi::SQLITE_OK
}

macro_rules! of_system {
    ($(fn $name:ident = $method:ident($($argument:ident: $kind:ty),*));+ $(;)?) => {
        $(unsafe extern "C" fn $name(_: *mut ffi::sqlite3_vfs, $($argument: $kind),*) -> c_int {
            let system = SYSTEM.load(Ordering::SeqCst);
            // SAFETY: the system's file layer lives for ever, and the arguments are passed on as they came.
            unsafe { (*system).$method.map_or(ffi::SQLITE_OK, |method| method(system, $($argument),*)) }
        })+
    };
}

of_system! {
    fn randomness = xRandomness(count: c_int, out: *mut c_char);
    fn sleep = xSleep(microseconds: c_int);
    fn current_time = xCurrentTime(out: *mut f64);
    fn current_time_64 = xCurrentTimeInt64(out: *mut ffi::sqlite3_int64);
    fn last_error = xGetLastError(count: c_int, out: *mut c_char);
}
