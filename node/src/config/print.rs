//! A complete, commented `madang.toml`, made from the settings' tables.

use std::fmt::Write;

use serde_json::Value;

use super::load::Loaded;
use super::section::Config;
use super::setting::{Applies, Setting, Shape};

/// The widest line of a comment.
const WIDTH: usize = 100;

/// The file with every setting at its default.
pub fn defaults_toml() -> String {
    let defaults = Config::default();
    toml(&defaults, &|_| None)
}

/// The file with the values that are in force, each with where it came from.
pub fn loaded_toml(loaded: &Loaded) -> String {
    toml(&loaded.config, &|setting| {
        Some(loaded.origins.get(setting.key).map_or_else(|| "default".to_owned(), ToString::to_string))
    })
}

fn toml(config: &Config, origin: &dyn Fn(&Setting) -> Option<String>) -> String {
    let mut out = String::from(
        "# madang.toml: every setting with its meaning and its default.\n\
         # Stronger than this file are environment variables (MADANG_HTTP__LISTEN for http.listen),\n\
         # and stronger than these are flags (--http-listen). `madang config check` checks a file.\n\
         # \"Reload\" settings change on SIGHUP, the others at the next start.\n",
    );
    let values = serde_json::to_value(config).unwrap_or_default();
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    for section in Config::SECTIONS {
        out.push('\n');
        comment(&mut out, section.doc);
        let _ = writeln!(out, "[{}]", section.name);
        for setting in section.settings {
            let pointer = format!("/{}", setting.key.replace('.', "/"));
            let value = values.pointer(&pointer).unwrap_or(&Value::Null);
            let default = defaults.pointer(&pointer).unwrap_or(&Value::Null);
            out.push('\n');
            comment(&mut out, setting.doc);
            let _ = writeln!(out, "# {}", facts(setting, default));
            line(&mut out, setting, value, origin(setting));
        }
    }
    out
}

/// The setting itself. A secret that is set is only said to be so; the line stays a comment, so that the file
/// can still be loaded.
fn line(out: &mut String, setting: &Setting, value: &Value, origin: Option<String>) {
    let is_hidden = setting.shape == Shape::Secret && value.as_str().is_some_and(|text| !text.is_empty());
    if is_hidden {
        let _ = writeln!(out, "# {} is set, not shown # {}", setting.name(), origin.unwrap_or_default());
        return;
    }
    let _ = write!(out, "{} = {}", setting.name(), literal(value));
    if let Some(origin) = origin {
        let _ = write!(out, " # {origin}");
    }
    out.push('\n');
}

/// The doc's lines joined and wrapped again as a comment.
fn comment(out: &mut String, doc: &[&str]) {
    let text = doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&line);
            out.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}

/// Unit, range, default and when a change applies.
fn facts(setting: &Setting, default: &Value) -> String {
    let shape = match setting.shape {
        Shape::Text(what) => what.to_owned(),
        Shape::Word(words) => words.join(" or "),
        Shape::Secret => "text, never printed".to_owned(),
        Shape::Flag => "true or false".to_owned(),
        Shape::List(what) => format!("list of {what}"),
        Shape::Number { unit, min, max } => format!("{unit}, {min} to {max}"),
    };
    let applies = match setting.applies {
        Applies::Restart => "restart",
        Applies::Reload => "reload",
    };
    format!("({shape}; default {}; {applies})", literal(default))
}

/// A value as TOML. Only what settings hold: texts, numbers, flags and lists of them, whose JSON form is
/// TOML too, except that TOML wants DEL escaped.
fn literal(value: &Value) -> String {
    value.to_string().replace('\u{7f}', "\\u007f")
}
