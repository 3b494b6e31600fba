//! The end of the process.

/// Ends the process without running the C++ libraries' global destructors: threads of RocksDB that are just
/// ending would find their locks destroyed and abort a process that had stopped in order. Everything that
/// must be on disk was synced before.
#[expect(unsafe_code, reason = "the standard library can only exit with destructors, or abort")]
pub(super) fn at_once(code: i32) -> ! {
    use std::io::Write;
    // Nobody may be reading any more.
    let _ = std::io::stdout().flush();
    // SAFETY: `_exit` takes any code, touches no memory of ours and does not return.
    unsafe { libc::_exit(code) }
}
