//! A whole log file. Every line is kept with its number, also those that say nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::line::{Line, Stamp, parse_line};

/// One line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// From 1.
    pub number: usize,
    /// The text without its line end.
    pub text: String,
}

impl LogLine {
    /// What the line says.
    pub fn parse(&self) -> (Stamp, Line<'_>) {
        parse_line(&self.text)
    }
}

/// A channel's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelLog {
    /// Name of the file.
    pub name: String,
    /// Its lines.
    pub lines: Vec<LogLine>,
}

impl ChannelLog {
    /// Reads the bytes of a file. Bytes that are not UTF-8 become U+FFFD, the same ones on every reading;
    /// a carriage return before a line end belongs to the line end.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Self {
        let mut parts: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        // Behind the last line end there is no line.
        if parts.last().is_some_and(|last| last.is_empty()) {
            parts.pop();
        }
        let lines = parts
            .into_iter()
            .zip(1..)
            .map(|(part, number)| {
                let part = part.strip_suffix(b"\r").unwrap_or(part);
                LogLine { number, text: String::from_utf8_lossy(part).into_owned() }
            })
            .collect();
        Self { name: name.to_owned(), lines }
    }

    /// Reads one file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        Ok(Self::from_bytes(&name, &bytes))
    }

    /// Reads all logs of a folder in the order of their names: files ending in `.raw.txt`, or, where there
    /// are none, in `.txt` or `.log`. A path of a file is that one log.
    pub fn read_all(path: &Path) -> anyhow::Result<Vec<Self>> {
        if path.is_file() {
            return Ok(vec![Self::read(path)?]);
        }
        let entries = std::fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))?;
        let mut files = Vec::new();
        for entry in entries {
            let file = entry?.path();
            if file.is_file() {
                files.push(file);
            }
        }
        files.sort();
        let ending = |ends: &[&str]| -> Vec<PathBuf> {
            let matches = |file: &&PathBuf| ends.iter().any(|end| file.to_string_lossy().ends_with(end));
            files.iter().filter(matches).cloned().collect()
        };
        let mut chosen = ending(&[".raw.txt"]);
        if chosen.is_empty() {
            chosen = ending(&[".txt", ".log"]);
        }
        if chosen.is_empty() {
            bail!("{} holds no logs (*.raw.txt, *.txt or *.log)", path.display());
        }
        chosen.iter().map(|file| Self::read(file)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_from_one_and_none_is_dropped() {
        let log = ChannelLog::from_bytes("a", b"one\r\n\n  \nfour");
        let texts: Vec<_> = log.lines.iter().map(|line| (line.number, line.text.as_str())).collect();
        assert_eq!(texts, [(1, "one"), (2, ""), (3, "  "), (4, "four")]);
    }

    #[test]
    fn stray_bytes_are_converted_the_same_way_every_time() {
        let bytes = b"[10:00] <kim> caf\xe9 \xc3\xa9\n";
        let log = ChannelLog::from_bytes("a", bytes);
        assert_eq!(log.lines[0].text, "[10:00] <kim> caf\u{fffd} \u{e9}");
        assert_eq!(log, ChannelLog::from_bytes("a", bytes));
    }

    #[test]
    fn an_empty_file_has_no_lines() {
        assert_eq!(ChannelLog::from_bytes("a", b"").lines, []);
    }
}
