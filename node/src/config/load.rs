//! Puts the layers together and says where each value came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use config::{Environment, File, FileFormat, Value, ValueKind};

use super::check::check;
use super::section::Config;
use super::setting::{Section, Setting, Shape};
use super::unknown::{self, UnknownKey};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is missing or not TOML.
    #[error("cannot read the configuration: {0}")]
    Unreadable(String),
    /// Keys nobody knows.
    #[error("{}", lines(.0))]
    UnknownKeys(Vec<UnknownKey>),
    /// Values of the wrong type, out of their range, or against each other.
    #[error("{}", lines(.0))]
    Invalid(Vec<String>),
}

fn lines<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A value given on the command line. It may be a secret, so its `Debug` names it only.
#[derive(Clone)]
pub struct Flag {
    /// The setting, `section.name`.
    pub key: &'static str,
    /// The flag as the user typed it, for messages.
    pub flag: &'static str,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flag").field("key", &self.key).field("flag", &self.flag).finish_non_exhaustive()
    }
}

/// Where values may come from. Nothing is read from the process itself, so tests can run side by side.
#[derive(Clone, Default)]
pub struct Layers {
    /// The TOML file.
    pub file: Option<PathBuf>,
    /// The environment variables.
    pub environment: Vec<(String, String)>,
    /// The flags.
    pub flags: Vec<Flag>,
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.environment.iter().map(|(name, _)| name).collect();
        let mut layers = f.debug_struct("Layers");
        layers.field("file", &self.file).field("environment", &names).field("flags", &self.flags).finish()
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
            Self::Flag(flag) => write!(f, "the flag {flag}"),
        }
    }
}

/// A configuration and where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// The settings that are not defaults.
    pub origins: BTreeMap<&'static str, Origin>,
    /// The file that was read.
    pub file: Option<PathBuf>,
}

impl Loaded {
    /// The file and how many settings came from elsewhere, in words.
    pub fn summary(&self) -> String {
        let others = self.origins.values().filter(|origin| !matches!(origin, Origin::File(_))).count();
        let file = self.file.as_deref().map_or_else(|| "defaults".to_owned(), |f| f.display().to_string());
        match others {
            0 => file,
            1 => format!("{file}, and 1 setting from flags or the environment"),
            n => format!("{file}, and {n} settings from flags or the environment"),
        }
    }
}

impl Layers {
    /// Reads all layers, refuses unknown keys, and checks every value.
    pub fn load(self) -> Result<Loaded, ConfigError> {
        let merged = self.merge()?;
        let flags = self.flags.as_slice();
        let mut origins = BTreeMap::new();
        let mut unknown = Vec::new();
        let mut wrong = Vec::new();
        for (key, value) in leaves(merged.cache.clone()) {
            let Some(setting) = Config::settings().find(|setting| setting.key == key) else {
                unknown.push(unknown::describe(&key, &self.origin_of_unknown(&key)));
                continue;
            };
            let origin = self.origin_of(setting, flags, &value);
            if let Err(reason) = fits(setting, &value) {
                wrong.push(format!("{key} {reason} (from {origin})"));
            }
            origins.insert(setting.key, origin);
        }
        if !unknown.is_empty() {
            return Err(ConfigError::UnknownKeys(unknown));
        }
        if !wrong.is_empty() {
            return Err(ConfigError::Invalid(wrong));
        }
        let config: Config =
            merged.try_deserialize().map_err(|error| ConfigError::Invalid(vec![error.to_string()]))?;
        check(&config).map_err(ConfigError::Invalid)?;
        Ok(Loaded { config, origins, file: self.file })
    }

    fn merge(&self) -> Result<config::Config, ConfigError> {
        let mut builder = config::Config::builder();
        if let Some(path) = &self.file {
            builder = builder.add_source(File::from(path.as_path()).format(FileFormat::Toml).required(true));
        }
        builder = builder.add_source(environment(&self.environment));
        for (setting, text) in texts(&self.environment) {
            builder = builder
                .set_override(setting.key, text)
                .map_err(|error| ConfigError::Unreadable(error.to_string()))?;
        }
        for flag in &self.flags {
            let is_list = Config::settings()
                .any(|setting| setting.key == flag.key && matches!(setting.shape, Shape::List(_)));
            let value = if is_list {
                Value::from(flag.value.split(',').map(str::to_owned).collect::<Vec<_>>())
            } else {
                Value::from(flag.value.as_str())
            };
            builder = builder
                .set_override(flag.key, value)
                .map_err(|error| ConfigError::Unreadable(error.to_string()))?;
        }
        builder.build().map_err(|error| ConfigError::Unreadable(error.to_string()))
    }

    fn origin_of(&self, setting: &Setting, flags: &[Flag], value: &Value) -> Origin {
        if let Some(flag) = flags.iter().find(|flag| flag.key == setting.key) {
            return Origin::Flag(flag.flag);
        }
        match (&self.file, value.origin()) {
            (Some(path), Some(origin)) if origin != ENVIRONMENT => Origin::File(path.clone()),
            _ => Origin::Variable(setting.variable()),
        }
    }

    fn origin_of_unknown(&self, key: &str) -> Origin {
        let variable = format!("MADANG_{}", key.replace('.', "__"));
        let from_environment =
            self.environment.iter().find(|(name, _)| name.eq_ignore_ascii_case(&variable)).map(|(n, _)| n);
        match (from_environment, &self.file) {
            (None, Some(path)) => Origin::File(path.clone()),
            (name, _) => Origin::Variable(name.cloned().unwrap_or(variable)),
        }
    }
}

/// What the `config` crate calls the environment as an origin.
const ENVIRONMENT: &str = "the environment";

/// Whether a variable with our prefix is meant as a setting: it has the separator of a section, or begins
/// with a section's name as one that lost an underscore would. Others belong to other tools.
fn means_a_setting(name: &str) -> bool {
    let rest = name.strip_prefix("MADANG_").unwrap_or_default();
    let section = |section: &Section| rest.starts_with(&format!("{}_", section.name.to_uppercase()));
    rest.contains("__") || Config::SECTIONS.iter().any(section)
}

/// Whether the setting takes a text as it is. The `config` crate would take `007` in the environment for a
/// number, and a secret of digits would lose its zeros.
fn is_text(setting: &Setting) -> bool {
    matches!(setting.shape, Shape::Text(_) | Shape::Secret | Shape::Word(_))
}

/// The setting of that variable.
fn of_variable(name: &str) -> Option<&'static Setting> {
    Config::settings().find(|setting| setting.variable().eq_ignore_ascii_case(name))
}

/// The texts in the environment.
fn texts(variables: &[(String, String)]) -> impl Iterator<Item = (&'static Setting, &str)> {
    let setting = |name: &str| of_variable(name).filter(|setting| is_text(setting));
    variables.iter().filter_map(move |(name, text)| Some((setting(name)?, text.as_str())))
}

/// Everything else in the environment.
fn environment(variables: &[(String, String)]) -> Environment {
    let ours = variables
        .iter()
        .filter(|(name, _)| means_a_setting(name) && !of_variable(name).is_some_and(is_text))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let source = Environment::with_prefix("MADANG")
        // Without this the separator of the sections would also be expected after the prefix.
        .prefix_separator("_")
        .separator("__")
        .try_parsing(true)
        .list_separator(",")
        .source(Some(ours));
    Config::settings()
        .filter(|setting| matches!(setting.shape, Shape::List(_)))
        .fold(source, |source, setting| source.with_list_parse_key(setting.key))
}

/// All values that are not tables, with their dotted keys, in order.
fn leaves(root: Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), root)];
    while let Some((prefix, value)) = open.pop() {
        match value.kind {
            ValueKind::Table(table) => {
                for (name, value) in table {
                    let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
                    open.push((key, value));
                }
            }
            _ => {
                found.insert(prefix, value);
            }
        }
    }
    found
}

/// Whether the kind of `value` is the one the setting takes; text from flags and the environment may stand
/// for numbers.
fn fits(setting: &Setting, value: &Value) -> Result<(), String> {
    let shown = || value.to_string();
    match setting.shape {
        Shape::Number { unit, min, max } => {
            let number = match &value.kind {
                ValueKind::String(text) => text.parse::<u64>().ok(),
                ValueKind::Float(_) | ValueKind::Boolean(_) => None,
                _ => value.clone().into_uint().ok(),
            };
            match number {
                Some(number) if (min..=max).contains(&number) => Ok(()),
                _ => Err(format!("must be a whole number of {unit} from {min} to {max}, not `{}`", shown())),
            }
        }
        Shape::Flag if value.clone().into_bool().is_err() => {
            Err(format!("must be true or false, not `{}`", shown()))
        }
        Shape::Word(words) if !words.contains(&shown().as_str()) => {
            Err(format!("must be one of {}, not `{}`", words.join(", "), shown()))
        }
        Shape::List(what) if !matches!(value.kind, ValueKind::Array(_)) => {
            Err(format!("must be a list of {what}, not `{}`", shown()))
        }
        Shape::Text(what) if matches!(value.kind, ValueKind::Array(_)) => Err(format!("must be one {what}")),
        Shape::Secret if !matches!(value.kind, ValueKind::String(_)) => {
            Err("must be a text in quotes".to_owned())
        }
        _ => Ok(()),
    }
}

/// The line of `file` on which `key` stands, counted from 1: for error messages, so only simple keys.
pub(super) fn line_of(file: &Path, key: &str) -> Option<usize> {
    let text = std::fs::read_to_string(file).ok()?;
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let mut current = String::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            current = header.trim().to_owned();
            continue;
        }
        let Some((left, _)) = line.split_once('=') else { continue };
        let left = left.trim();
        let full = if current.is_empty() { left.to_owned() } else { format!("{current}.{left}") };
        if full == key || (current == section && left == name) {
            return Some(index + 1);
        }
    }
    None
}
