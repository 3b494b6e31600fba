//! A disk of our own under a node: an ext4 image on a loop device, small enough to run full, and with a
//! plug that can be pulled: whatever was not synced is gone then. Needs root.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted image. Dropping it unmounts.
pub struct Disk {
    image: PathBuf,
    mount: PathBuf,
    _home: tempfile::TempDir,
}

impl Disk {
    /// Makes and mounts a disk of `mib` MiB; `None`, with the reason on stderr, where that is not allowed.
    pub fn new(mib: u32) -> Option<Self> {
        let home = tempfile::tempdir().expect("a temporary directory");
        let (image, mount) = (home.path().join("disk.img"), home.path().join("mnt"));
        std::fs::create_dir(&mount).expect("a mount point");
        let file = std::fs::File::create(&image).expect("an image file");
        file.set_len(u64::from(mib) << 20).expect("room for the image");
        let disk = Self { image, mount, _home: home };
        let made = run("mkfs.ext4", &["-q", "-F", "-m", "0", &disk.image.to_string_lossy()]).is_ok();
        match made.then(|| disk.plug_in()) {
            Some(Ok(())) => Some(disk),
            Some(Err(why)) => skip(&why),
            None => skip("mkfs.ext4 is missing or failed"),
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

    fn plug_in(&self) -> Result<(), String> {
        run("mount", &["-o", "loop", &self.image.to_string_lossy(), &self.mount.to_string_lossy()])
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Not mounted any more, perhaps.
        let _ = run("umount", &["-l", &self.mount.to_string_lossy()]);
    }
}

fn skip(why: &str) -> Option<Disk> {
    eprintln!("SKIPPED: no disk of our own to test with (needs root and loop devices): {why}");
    None
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{program}: {said}")) }
}
