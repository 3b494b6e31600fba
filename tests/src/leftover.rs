//! What a killed test left behind. Names of things that outlive a process carry the process id of the test
//! that made them; when that process is gone, the thing is nobody's and may be removed.

use std::path::Path;

/// A name that tells whose the thing is: `<prefix><process id>-<rest>`.
pub fn name(prefix: &str, rest: &str) -> String {
    format!("{prefix}{}-{rest}", std::process::id())
}

/// Whether `name` is one of ours whose process is gone.
pub fn is_nobodys(prefix: &str, name: &str) -> bool {
    let owner = name.strip_prefix(prefix).and_then(|rest| rest.split('-').next());
    match owner.and_then(|pid| pid.parse::<u32>().ok()) {
        Some(pid) => !Path::new(&format!("/proc/{pid}")).exists(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_of_ours_whose_process_is_gone_is_nobodys() {
        assert!(!is_nobodys("yard-", &name("yard-", "hub")), "we are alive");
        // Above the largest process id that Linux gives.
        assert!(is_nobodys("yard-", "yard-4194305-hub"));
        assert!(!is_nobodys("yard-", "yard-hub"));
        assert!(!is_nobodys("yard-", "garden-4194305-hub"));
    }
}
