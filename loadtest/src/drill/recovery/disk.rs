//! What a folder holds on the disk.

use std::io::{Error, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What `st_blocks` counts in, whatever the file system's blocks are.
const BLOCK_BYTES: u64 = 512;

/// Bytes on the disk of all files below `folder`: neither holes count nor what was only put aside for a file to grow
/// into. A file that goes meanwhile counts for nothing.
pub(super) fn bytes(folder: &Path) -> std::io::Result<u64> {
    let mut all = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata().and_then(|about| {
            if about.is_dir() {
                bytes(&entry.path())
            } else {
                Ok(about.len().min(about.blocks() * BLOCK_BYTES))
            }
        });
        all += found.or_else(|error: Error| match error.kind() {
            ErrorKind::NotFound => Ok(0),
            _ => Err(error),
        })?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_count_at_every_depth_and_a_hole_does_not() {
        let home = tempfile::tempdir().unwrap();
        let deep = home.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        let before = bytes(home.path()).unwrap();
        for file in [home.path().join("one"), deep.join("two")] {
            std::fs::write(&file, vec![1; 1 << 20]).unwrap();
            std::fs::File::open(&file).unwrap().sync_all().unwrap();
        }
        std::fs::File::create(deep.join("hole")).unwrap().set_len(1 << 30).unwrap();
        let grown = bytes(home.path()).unwrap() - before;
        assert!((2 << 20..3 << 20).contains(&grown), "{grown}");
        assert!(bytes(&home.path().join("nowhere")).is_err());
    }
}
