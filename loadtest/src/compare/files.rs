//! Records from where they were written.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::kit::Record;

/// The records of a file, or of all files of a folder that hold one, the oldest first. A folder may hold other files;
/// `chat` and `replay` have reports of their own and are not compared.
pub fn read_records(path: &Path) -> anyhow::Result<Vec<Record>> {
    if path.is_file() {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let record =
            serde_json::from_str(&text).with_context(|| format!("{} is no record", path.display()))?;
        return Ok(vec![record]);
    }
    let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let file = entry?.path();
        if file.extension().is_some_and(|ending| ending == "json") {
            files.push(file);
        }
    }
    files.sort();
    let read = |file: &PathBuf| serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok();
    let mut records: Vec<Record> = files.iter().filter_map(read).collect();
    if records.is_empty() {
        bail!("there are no records in {}", path.display());
    }
    records.sort_by_key(|record| record.at_ms);
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_by_age_and_what_is_no_record_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let record = |at_ms: u64| {
            format!(
                r#"{{"scenario":"idle","run_id":"r{at_ms}","at_ms":{at_ms},"machine":"m","knobs":[],"figures":[],
                "charts":[],"marks":[],"goals":[],"wrong":[]}}"#
            )
        };
        for (name, text) in
            [("a.json", record(2)), ("b.json", record(1)), ("c.json", "{}".into()), ("d.txt", "".into())]
        {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let ids: Vec<String> =
            read_records(folder.path()).unwrap().into_iter().map(|record| record.run_id).collect();
        assert_eq!(ids, ["r1", "r2"]);
        assert_eq!(read_records(&folder.path().join("a.json")).unwrap().len(), 1);
        assert!(read_records(&folder.path().join("c.json")).is_err());
        assert!(read_records(&folder.path().join("none")).is_err());
    }
}
