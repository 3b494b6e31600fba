//! The rules of the house that a machine can check: layers, homes of big libraries, sizes of files, paths
//! that documents name, words that must not be left behind.

use std::fs;
use std::path::{Path, PathBuf};

/// Crates from the bottom up: one may use only those before it.
const LAYERS: [&str; 4] = ["storage", "cluster", "actors", "node"];

/// A big library, and the only places that may name it.
const HOMES: [(&str, &[&str]); 7] = [
    ("rocksdb::", &["storage/src", "storage/benches"]),
    ("openraft::", &["cluster/src/raft"]),
    ("ractor::", &["actors/src", "cluster/src/link/carrier"]),
    ("ractor_cluster::", &["cluster/src/link/carrier"]),
    ("actix_web::", &["node/src", "node/tests", "node/benches"]),
    ("actix_web_actors::", &["node/src/edge"]),
    ("goose::", &["loadtest/src"]),
];

/// Past this many lines there are two concepts in a file.
const LINES_MAX: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// All files under `dir` with this ending, as (path from the root, text).
fn files(dir: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(dir)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !matches!(name.as_str(), "node_modules" | "target" | ".git") {
                    folders.push(path);
                }
            } else if name.ends_with(ending) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(), text));
            }
        }
    }
    assert!(!found.is_empty(), "no {ending} under {dir:?}");
    found
}

fn check(broken: Vec<String>) {
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn crates_name_only_crates_below_them() {
    let mut broken = Vec::new();
    for (height, layer) in LAYERS.iter().enumerate() {
        let manifest = fs::read_to_string(root().join(layer).join("Cargo.toml")).unwrap();
        for above in LAYERS.iter().skip(height + 1).chain(&["loadtest", "tests"]) {
            if manifest.lines().any(|line| line.starts_with(&format!("madang-{above}."))) {
                broken.push(format!("{layer}/Cargo.toml uses madang-{above}, which stands above it"));
            }
        }
    }
    check(broken);
}

#[test]
fn big_libraries_stay_at_home() {
    let mut broken = Vec::new();
    for crate_dir in LAYERS.iter().chain(&["loadtest", "tests"]) {
        for (path, text) in files(crate_dir, ".rs") {
            if path.ends_with("tests/tests/tidy.rs") {
                continue;
            }
            for (library, homes) in HOMES {
                let named = text.lines().any(|line| names(line, library));
                if named && !homes.iter().any(|home| path.starts_with(home)) {
                    broken.push(format!("{path} names {library}, whose home is {}", homes.join(" or ")));
                }
            }
        }
    }
    check(broken);
}

/// Whether a line of code names the library (and not one whose name ends alike).
fn names(line: &str, library: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices(library)
        .any(|(at, _)| !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

#[test]
fn files_hold_one_concept() {
    let mut broken = Vec::new();
    for dir in LAYERS.iter().chain(&["loadtest", "tests"]) {
        for ending in [".rs", ".js", ".mjs", ".css"] {
            let has_such = match ending {
                ".rs" => true,
                ".mjs" => *dir == "tests",
                _ => *dir == "node",
            };
            if !has_such {
                continue;
            }
            for (path, text) in files(dir, ending) {
                let lines = text.lines().count();
                if lines > LINES_MAX {
                    broken.push(format!("{path} has {lines} lines, more than {LINES_MAX}"));
                }
            }
        }
    }
    check(broken);
}

#[test]
fn every_path_a_document_names_exists() {
    let mut broken = Vec::new();
    let mut documents = files("docs", ".md");
    for name in ["README.md", "ARCHITECTURE.md"] {
        documents.push((name.to_owned(), fs::read_to_string(root().join(name)).unwrap()));
    }
    for (document, text) in documents {
        // What stands in `backticks` and begins with one of our folders is a path.
        for quoted in text.split('`').skip(1).step_by(2) {
            let first = quoted.split('/').next().unwrap_or_default();
            let ours = matches!(
                first,
                "storage" | "cluster" | "actors" | "node" | "loadtest" | "tests" | "docs" | "deploy" | "sdk"
            );
            let plain = quoted.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            if ours && plain && quoted.contains('/') && !root().join(quoted).exists() {
                broken.push(format!("{document} names {quoted}, which does not exist"));
            }
        }
    }
    check(broken);
}

#[test]
fn nothing_unfinished_is_left_behind() {
    let marks =
        [concat!("todo", "!("), concat!("unimple", "mented!("), concat!("FIX", "ME"), concat!("XX", "X")];
    let mut broken = Vec::new();
    for dir in LAYERS.iter().chain(&["loadtest", "tests"]) {
        for (path, text) in files(dir, ".rs") {
            for mark in marks {
                if text.contains(mark) {
                    broken.push(format!("{path} holds {mark}"));
                }
            }
            if text.contains("#[ignore") && !path.ends_with("tidy.rs") {
                broken.push(format!("{path} ignores a test"));
            }
        }
    }
    check(broken);
}
