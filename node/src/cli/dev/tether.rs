//! Children that end with this process, and signals for them: what the standard library lacks.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

/// Makes the child end when the calling thread does, also when this process is killed: on Linux. The thread
/// must live as long as the child is wanted: the main one does.
#[expect(unsafe_code, reason = "only code between fork and exec can ask the kernel for this")]
pub(super) fn tie(command: &mut Command) {
    // Ctrl-C at a terminal goes to this process only, which passes it on in order.
    command.process_group(0);
    let parent = std::process::id();
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; `prctl` and `getppid` are, and
    // neither branch allocates: an error from a raw code holds nothing on the heap.
    unsafe {
        command.pre_exec(move || end_with(parent));
    }
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library has no prctl")]
fn end_with(parent: u32) -> io::Result<()> {
    // SAFETY: PR_SET_PDEATHSIG takes a signal number and touches no memory of ours.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // The parent may have ended in between: then nobody would ever send the signal.
    if std::os::unix::process::parent_id() != parent {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    Ok(())
}

/// Elsewhere a killed parent leaves its children behind; every other end takes them along.
#[cfg(not(target_os = "linux"))]
fn end_with(_: u32) -> io::Result<()> {
    Ok(())
}

/// Asks a child to end in good order (SIGTERM).
#[expect(unsafe_code, reason = "the standard library can only kill")]
pub(super) fn ask_to_end(child: &Child) {
    if let Ok(pid) = libc::pid_t::try_from(child.id()) {
        // SAFETY: `kill` touches no memory. The child was not waited for, so the id is still its own; if it
        // has ended already the signal goes nowhere.
        unsafe { libc::kill(pid, libc::SIGTERM) };
    }
}
