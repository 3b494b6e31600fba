//! What can happen to the files of a node that is not running: half a record at the end of its log, a bit
//! that flipped in the middle, everything gone.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Leaves half a record at the end of the newest log file, as a crash in the middle of a write does. Nothing
/// that was synced is touched, so nothing may be lost.
///
/// Cutting synced records off the end would be something else: a disk that lies, which no node can notice.
pub fn tear_tail(data_dir: &Path) {
    let path = newest_log(data_dir).expect("a log file");
    let mut file = fs::OpenOptions::new().append(true).open(path).expect("the log file opens");
    // RocksDB's record: checksum (4 bytes), length (2), kind (1: a full record), then the bytes; far fewer
    // than the length says.
    file.write_all(&[0xde, 0xad, 0xbe, 0xef, 0x00, 0x10, 0x01]).expect("half a head");
    file.write_all(&[0x5a; 100]).expect("a torn body");
}

/// Flips one bit in the middle of the newest log file. Answers where, or `None` when the log is too short to
/// have a middle.
pub fn flip_bit(data_dir: &Path) -> Option<String> {
    let path = newest_log(data_dir)?;
    let mut bytes = fs::read(&path).expect("the log file can be read");
    let middle = bytes.len() / 2;
    if middle < 1024 {
        return None;
    }
    *bytes.get_mut(middle)? ^= 0b0001_0000;
    fs::write(&path, bytes).expect("the log file can be written");
    Some(format!("bit 4 of byte {middle} of {}", path.display()))
}

/// Throws away everything a node has.
pub fn wipe(data_dir: &Path) {
    fs::remove_dir_all(data_dir).expect("the data folder can be removed");
}

/// The file that the log was written to last. RocksDB numbers them.
fn newest_log(data_dir: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(data_dir.join("log")).ok()?;
    let logs = entries.flatten().map(|entry| entry.path());
    let numbered = logs.filter_map(|path| {
        let number: u64 = path.file_name()?.to_str()?.strip_suffix(".log")?.parse().ok()?;
        Some((number, path))
    });
    numbered.max_by_key(|(number, _)| *number).map(|(_, path)| path)
}
