//! A disk of our own under a node: an ext4 image on a loop device, small enough to run full, and with a
//! plug that can be pulled: whatever was not synced is gone then. Needs root.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::command::run;
use crate::leftover;

const PREFIX: &str = "madang-disk-";

/// A mounted image. Dropping it unmounts.
pub struct Disk {
    image: PathBuf,
    mount: PathBuf,
    _home: tempfile::TempDir,
}

impl Disk {
    /// Makes and mounts a disk of `mib` MiB; `None`, with the reason on stderr, where that is not allowed.
    pub fn new(mib: u32) -> Option<Self> {
        sweep();
        let home = tempfile::Builder::new().prefix(&leftover::name(PREFIX, "")).tempdir();
        let home = home.expect("a temporary directory");
        let (image, mount) = (home.path().join("disk.img"), home.path().join("mnt"));
        fs::create_dir(&mount).expect("a mount point");
        let file = fs::File::create(&image).expect("an image file");
        file.set_len(u64::from(mib) << 20).expect("room for the image");
        let disk = Self { image, mount, _home: home };
        let made = run("mkfs.ext4", &["-q", "-F", "-m", "0", &disk.image.to_string_lossy()]);
        match made.and_then(|_| disk.plug_in()) {
            Ok(()) => Some(disk),
            Err(why) => skip(&why),
        }
    }

    /// Where its files are.
    pub fn path(&self) -> &Path {
        &self.mount
    }

    /// Pulls the plug: nothing that is not on the disk yet will get there, not even the journal. Whoever has
    /// files open gets errors from now on.
    pub fn pull_plug(&self) {
        // EXT4_IOC_SHUTDOWN (0x8004587d) with EXT4_GOING_FLAGS_NOLOGFLUSH (2).
        let script = "import fcntl,os,struct,sys; fd=os.open(sys.argv[1], os.O_RDONLY); \
                      fcntl.ioctl(fd, 0x8004587d, struct.pack('I', 2))";
        run("python3", &["-c", script, &self.mount.to_string_lossy()]).expect("the plug is pulled");
    }

    /// Plugs it in again: mounts what is on the image.
    pub fn plug_in_again(&self) {
        run("umount", &[&self.mount.to_string_lossy()]).expect("unmounted");
        self.plug_in().expect("mounted again");
    }

    /// Takes all of its room but `leave_bytes`, until [`Disk::make_room`].
    pub fn fill(&self, leave_bytes: u64) {
        let mut ballast = fs::File::create(self.ballast()).expect("a file of ballast");
        let block = vec![1_u8; 1 << 20];
        while self.free_bytes() > leave_bytes && ballast.write_all(&block).is_ok() {}
        // Nothing left to write its length down in, perhaps: then it is full enough.
        let _ = ballast.sync_all();
    }

    /// Gives the room back that [`Disk::fill`] took.
    pub fn make_room(&self) {
        fs::remove_file(self.ballast()).expect("the ballast can be thrown out");
        // Otherwise it is back when the plug is pulled next.
        let folder = fs::File::open(&self.mount).expect("the folder of the disk");
        folder.sync_all().expect("the folder can be synced");
    }

    fn ballast(&self) -> PathBuf {
        self.mount.join("ballast")
    }

    fn free_bytes(&self) -> u64 {
        let said = run("df", &["--output=avail", "-B1", &self.mount.to_string_lossy()]).expect("df runs");
        said.lines().last().and_then(|line| line.trim().parse().ok()).expect("df tells a number")
    }

    fn plug_in(&self) -> Result<(), String> {
        run("mount", &["-o", "loop", &self.image.to_string_lossy(), &self.mount.to_string_lossy()]).map(drop)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Not mounted any more, perhaps.
        let _ = run("umount", &["-l", &self.mount.to_string_lossy()]);
    }
}

/// Unmounts and removes the disks of tests that were killed.
fn sweep() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for home in entries.flatten().map(|entry| entry.path()) {
        let name = home.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if leftover::is_nobodys(PREFIX, &name) {
            // Not mounted, perhaps; and another test may be sweeping too.
            let _ = run("umount", &["-l", &home.join("mnt").to_string_lossy()]);
            let _ = fs::remove_file(home.join("disk.img"));
            let _ = fs::remove_dir(home.join("mnt"));
            let _ = fs::remove_dir(home);
        }
    }
}

fn skip(why: &str) -> Option<Disk> {
    eprintln!("SKIPPED: no disk of our own to test with (needs root and loop devices): {why}");
    None
}
