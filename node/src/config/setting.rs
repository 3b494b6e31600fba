//! What is known about one setting beside its value, and the macro that writes a section's struct,
//! defaults and table from one list.

/// When a changed value takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applies {
    /// At the next start.
    Restart,
    /// On SIGHUP.
    Reload,
}

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any text that the type of the setting understands; the word says what it is.
    Text(&'static str),
    /// One of a few words.
    Word(&'static [&'static str]),
    /// Text that is never printed.
    Secret,
    /// `true` or `false`.
    Flag,
    /// A list of texts.
    List(&'static str),
    /// A whole number.
    Number {
        /// What is counted.
        unit: &'static str,
        /// The smallest value accepted.
        min: u64,
        /// The largest value accepted.
        max: u64,
    },
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// `section.name`.
    pub key: &'static str,
    /// What it means, line by line.
    pub doc: &'static [&'static str],
    /// The values it takes.
    pub shape: Shape,
    /// When a change takes effect.
    pub applies: Applies,
}

impl Setting {
    /// The name inside its section.
    pub fn name(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(_, name)| name)
    }

    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        format!("MADANG_{}", self.key.replace('.', "__").to_uppercase())
    }
}

/// One table of the file.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// The name of the table.
    pub name: &'static str,
    /// What its settings are about.
    pub doc: &'static [&'static str],
    /// Its settings, in printing order.
    pub settings: &'static [Setting],
}

/// A number of `unit` between `min` and `max`.
pub(super) const fn number(unit: &'static str, min: u64, max: u64) -> Shape {
    Shape::Number { unit, min, max }
}

/// Writes a section's struct, its `Default` and its [`Section`] table.
macro_rules! section {
    (
        $(#[doc = $section_doc:literal])*
        $name:ident = $table:literal {
            $(
                $(#[doc = $doc:literal])*
                $field:ident: $type:ty = $default:expr, $shape:expr, $applies:ident;
            )*
        }
    ) => {
        $(#[doc = $section_doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $( $(#[doc = $doc])* pub $field: $type, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $name {
            /// The table behind this section.
            pub(super) const SECTION: crate::config::setting::Section = crate::config::setting::Section {
                name: $table,
                doc: &[$($section_doc),*],
                settings: &[$(
                    crate::config::setting::Setting {
                        key: concat!($table, ".", stringify!($field)),
                        doc: &[$($doc),*],
                        shape: $shape,
                        applies: crate::config::setting::Applies::$applies,
                    },
                )*],
            };
        }
    };
}
pub(super) use section;
