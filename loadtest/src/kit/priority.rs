//! Who comes first when threads share a core. A crowd stands for people on other machines: here it must not keep the
//! nodes waiting, nor those who are measured.

use std::io;

use rustix::io::Errno;
use rustix::process::{Pid, setpriority_process};
use rustix::thread::gettid;

/// How far a crowd steps back (`nice`): a thread gets about a tenth of what one gets that has not.
const CROWD_NICE: i32 = 10;

/// Names this thread.
pub(super) fn this_thread() -> Pid {
    gettid()
}

/// All threads of this process but one step back, and those that they start from now on. Nobody needs a right for it,
/// and nobody can take it back. Errors: the system does not tell which threads there are.
pub(super) fn all_step_back_but(first: Pid) -> io::Result<()> {
    for task in std::fs::read_dir("/proc/self/task")? {
        let number = task?.file_name().to_str().and_then(|name| name.parse().ok());
        let Some(thread) = number.and_then(Pid::from_raw).filter(|thread| *thread != first) else { continue };
        match setpriority_process(Some(thread), CROWD_NICE) {
            // It has ended meanwhile.
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
